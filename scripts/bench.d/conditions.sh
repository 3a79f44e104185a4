hits=0
for ((i = 0; i < 100000; i++)); do
    name=file-$i.txt
    if [[ $name == file-*5.txt && -n $name && ! $name < file-2 ]]; then
        ((hits++))
    elif [ "$i" -lt 1000 ] && test "$name" = "file-7.txt"; then
        ((hits += 2))
    fi
done
echo "$hits"
