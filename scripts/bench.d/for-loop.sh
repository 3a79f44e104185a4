total=0
for ((i = 0; i < 200000; i++)); do
    if [[ $i == *7 ]]; then total=$((total + i)); fi
done
echo "$total"
