declare -A count=()
for ((i = 0; i < 60000; i++)); do
    key=w$((i * 7919 % 4001))
    count[$key]=$((${count[$key]:-0} + 1))
done
most=0 total=0
for key in "${!count[@]}"; do
    ((total += ${count[$key]}, most = count[$key] > most ? count[$key] : most))
done
[[ -v count[w17] ]] && unset 'count[w17]'
echo "${#count[@]} $total $most"
