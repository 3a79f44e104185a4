seq 1 120000 | awk '{ print $1 % 1009, "name" $1, $1 * 7919 % 100003 }' > table
sort -n -k1,1 -k3,3 table | uniq -c -w 4 | wc -l
grep -c 'name[0-9]*7 ' table
sed -e 's/name\([0-9]*\)/<\1>/' -e '/<1/d' table | wc -c
cut -d' ' -f2,3 table | tr a-z A-Z | tail -n 1
awk '{ sum[$1 % 10] += $3 } END { for (n = 0; n < 10; n++) print n, sum[n] }' table
