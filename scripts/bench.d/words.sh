total=0
for n in {1..100000}; do ((total += n)); done
list=$(seq 20000)
for word in $list; do total=$((total + word)); done
IFS=,
row='alpha,beta,gamma,delta,epsilon'
for ((i = 0; i < 20000; i++)); do
    set -- $row
    ((total += $#))
done
echo "$total $5"
