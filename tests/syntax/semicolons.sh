h_f() { case x in a) cat <<E
x
E
b; c;; esac; d; }
h_g() { while a; do cat <<E
x
E
b; c; done; d; }
h_h() { if a; then cat <<E
x
E
b; c; fi; d; }
h_i() { if a; then b; cat <<E
x
E
c; else d; fi; d; }
h_j() { a <<E
x
E
b; c; d; }
h_k() { a <<E
x
E
if b; then c; d; fi; e; f; }
h_l() { a <<E
x
E
b && c; d; e; }
h_m() { a <<E
x
E
b | c; d; e; }
h_n() { a <<E
x
E
{ b; c; }; d; e; }
h_o() { a <<E
x
E
(b; c); d; e; }
h_p() { case x in a) cat <<E
x
E
b;; esac; d; }
h_q() { case x in a) cat <<E
x
E
;; b) b; c;; esac; d; }
h_r() { if a; then cat <<E
x
E
exit; fi; d; }
h_s() { if a; then cat <<E
x
E
exit; fi; case x in a) b; c;; esac; d; }
h_t() { if a; then x; cat <<E
x
E
exit; fi; d; e; }
