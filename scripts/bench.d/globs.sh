mkdir -p tree/{a..h}/{0..9}
for ((i = 0; i < 1600; i++)); do
    : > "tree/${i: -1}$i.txt"
    : > "tree/a/${i: -1}/f$i.log"
done
count=0
for ((n = 0; n < 20; n++)); do
    set -- tree/*.txt tree/a/*/f*7.log tree/[a-d]/[0-4]
    ((count += $#))
done
echo "$count"
