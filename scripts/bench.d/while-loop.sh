i=0 sum=0
while ((i < 200000)); do
    ((sum += i * 2, i++))
done
echo "$sum"
