for ((i = 0; i < 50000; i++)); do printf 'line %d of the table\n' "$i"; done > table
for n in 1 2 3 4; do mapfile -t lines < table; done
longest=0
for line in "${lines[@]}"; do
    ((${#line} > longest)) && longest=${#line}
done
sorted=("${lines[@]:100:5000}")
echo "${#lines[@]} $longest ${#sorted[@]} ${sorted[-1]}"
