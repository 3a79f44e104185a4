mkdir d
for ((i = 0; i < 200; i++)); do
    echo "$i" > "d/$i"
    mv "d/$i" "d/m$i"
    cat "d/m$i" > /dev/null
    wc -l < "d/m$i" > /dev/null
done
ls d | wc -l
rm -r d
