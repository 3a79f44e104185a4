f1() { a; b & c && d || e | g |& h; ! i; time j; time -p k; ! time l | m; }
f2() { if a; then b; elif c; then d; else e; fi; if a; then b; fi > x 2>&1; }
f3() { while a; do b; c; done; until x; do y & done; for i in 1 2; do echo $i; done; for i; do x; done; for ((i=0;i<3;i++)); do z; done; for ((;;)) { y; }; select q in a b; do c; done; }
f4() { case $x in a|b) echo; foo;; (c) ;; d) x ;& e) y;;& *) z; esac; case a in esac; }
f5() { ( a; b ); ( a ) > f; { a; b; } ; { a; } 2> x < y; [[ a == b && ( -f c || ! d ) ]]; ((i++)); (( x = 1 + 2 )) ; [[ $a =~ ^(a|b)$ ]]; [[ x ]]; [[ a < b ]]; }
f6() { cat <<EOF
hello $x
EOF
echo b; }
f7() { cat <<-'EOF' > out
	hello $x
	EOF
cat <<A | tr a b
text
A
cat <<A <<B && x
aa
A
bb
B
}
f8() { a > x >> y < z <> w >| v 3>&1 4<&- 5>&- <&3 >&2 &> all &>> all2 <<< "str" {fd}> foo 2>&1- ; x=1 y=2 cmd >f arg; }
f9() { g() { inner; }; function h { x; } ; coproc foo { a; b; }; coproc cat x; coproc { a; }; }
f10() { echo $(a; b | c) `d e` <(x; y) "$(if a; then b; fi)" ${x:-$(y)}; a=$(while x; do y; done); }
f11() if a; then b; fi
f12() ( a; b )
f13() { a; } > out 2>&1
f14() { a; b; c & }
f15() { a &
b &
c
}
f16() { if ( a ) then { b; } fi; while (( x )) ; do :; done; if a; then b & fi; }
f17() { a; { b & }; ( c & ); (c; d &); x | { y; z; } | (w); if a; b; then c; fi; }
f18() { a=(1 2 "3 4" [5]=x); declare -a b=(x y); a[1]=2; a[x + 1]+=3; }
f19() { echo a\ b 'c d' "e f" $'x\ty' $"loc" {a,b}{1..3} ~ ~/x a=~; }
f20() { cat <<E; echo after
x $(cmd; other)
E
}
f21() { if cat <<E
x
E
then b; fi; while read x; do echo $x; done <<E
abc
E
}
f22() { for x in a; do cat <<E
x
E
done; (cat <<E
y
E
); echo $(cat <<E
z
E
); }
f23() { a && { b; c; } || d; a && ( b ); a && if x; then y; fi; }
f24() { case x in a) cat <<E
x
E
;; esac; }
f25() { x && y & z; a | b & c || d & }
f26() { while a; b; do c; done; { { a; }; }; ( ( a ) ); }
f27() { function foo-bar { x; } 2>&1; foo() ( y ); }
f28() { [[ -f a && ! -d b || c != d* ]]; [[ ( a ) ]]; [[ a -eq 1 ]]; [[ ! ( a && b ) ]]; [[ "$a" = x ]]; }
f29() { $(( 1 + 2 )) ; echo $((x+1)) $[ 1 + 2 ]; let x=1; (( a , b )); ((a<b)); }
f30() { coproc a { b; } > x; time { a; }; ! ! a; time
}
f31() { a=$( (b) | c); d <( (e); f) $( ( (g) ) ) "$( (h)
i)"; j=($( (k) )); }
