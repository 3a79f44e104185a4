for ((i = 0; i < 20000; i++)); do echo "$i name$i $((i % 7))"; done > table
sum=0
while read -r number name rest; do
    ((sum += number + rest))
done < table
echo "$sum $name"
