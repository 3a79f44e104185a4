g1() { a && b <<E && c
x
E
}
g2() { a | b <<E | c
x
E
}
g3() { x=$(a
b; c
# comment
d) ; y=$(
  if a; then b
  fi
); }
g4() { a <<E & b
x
E
}
g5() { a <<E; }
x
E
g6() { <&$x >&$y >& file 3<&$z {v}>&- {w}<&3 5>& $q 2<>x 2< y 1> z 0< w 4<<<x 3<<E; }
t
E
g7() { for ((i=0 ; i<3 ; i++ )); do a; done; for (( i = 0 ; ; )); do b; done; for ((i=$(a;b);;)) do c; done; }
g8() { { a; } <<E; b
x
E
}
g9() { { a <<E
x
E
} | c; }
g10() { a <<E | b <<F; c <<G
1
E
2
F
3
G
}
g11() { a <<E
1
E
b; c; }
g12() { x=$(cat <<E; b
1
E
); }
g13() { echo "$(a
b)" `a
b` <(a
b); case $(a
b) in $(c;d)) x;; esac; [[ $(a; b) == $(c
d) ]]; (( $(a; b) + 1 )); }
g14() { until a <<E; do b; done; c
x
E
}
g15() { case x in a) b <<E ;; c) d;; esac; e
x
E
}
g16() { f() { a <<E; b; }; c
x
E
}
g17() { (a; b) & { c; } & d; }
g18() { if a; then b <<E; else c <<F; fi; d
x
E
y
F
}
g19() { a
 
b

}
g20() { echo "a
b" 'c
d'; x="q
r"; }
function g21 { a; }
function g22 ( a )
g23() (( 1 ))
g24() [[ x ]]
g25() { a; } 2>&1 <<E
x
E
g26() ( a ) > x
g27() while a; do b; done < c
g28() { a \
  b \
  c && \
  d; }
g29() { a <<\E
$x
E
b <<"E F"
x
E F
c <<'E'"G"
EG
}
g30() { a=b c=d; a=b > x; > x; > x a=b c; 2>&1 a; }
g31() { select x; do a; done; for x in; do b; done; case a in (a|b|c) x;; esac; }
g32() { ! a | b; time -p -- a; time ( a ); ! { a; }; ! (( 1 )); ! [[ x ]]; }
g33() { a && ! b || ! c; time a && time b; }
g34() { x=(a $(b; c) "d
e") ; declare -A y=([a b]=1 ["c d"]="x" [$e]=$(f;g)); }
g35() { coproc a b c; coproc x (a;b); coproc while a; do b; done; }
g36() { a <<-E
		tabbed
	E
b <<- 'F'
	x
	F
}
