hits=0
for ((i = 0; i < 30000; i++)); do
    line="item-$i:value=$((i % 13))"
    if [[ $line =~ ^item-([0-9]+):value=([0-9]+)$ ]]; then ((hits += BASH_REMATCH[2])); fi
    case $line in
        item-*1:value=*) ((hits++)) ;;
        *=1[0-2]) ((hits += 2)) ;;
    esac
done
echo "$hits"
