numbers=()
for ((i = 0; i < 60000; i++)); do numbers[i]=$((i * i % 1013)); done
sum=0
for number in "${numbers[@]}"; do ((sum += number)); done
declare -A seen=()
for ((i = 0; i < 60000; i++)); do seen[k$((i % 997))]=$i; done
echo "$sum ${#numbers[@]} ${#seen[@]} ${seen[k5]}"
