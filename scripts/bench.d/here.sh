total=0
for ((i = 0; i < 3000; i++)); do
    read -r first second <<< "a$i $i"
    while read -r key value; do
        ((total += value))
    done << END
one $i
two $second
END
done
echo "$total $first"
