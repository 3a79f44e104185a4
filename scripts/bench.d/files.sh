mkdir d
for ((i = 0; i < 5000; i++)); do echo "$i" > "d/f$i"; done
sum=0
for f in d/*; do
    read -r n < "$f"
    [[ -f $f ]] && ((sum += n))
done
echo "$sum"
