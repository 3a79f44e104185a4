use super::*;
use proptest::prelude::*;

const EXTENDED: Options = Options { nocase: false, extglob: true, bytes: false };

fn matches(pattern: &str, text: &[u8]) -> bool {
    Pattern::new(pattern.as_bytes(), EXTENDED).is_match(text)
}

/// Each answer is what `[[ text == pattern ]]` says in bash 5.2.
#[test]
fn patterns_match_as_in_bash() {
    let table: &[(&str, &[u8], bool)] = &[
        ("??", b"\xff\xc3\xa9", false),
        ("???", b"\xff\xc3\xa9", true),
        ("?", "é".as_bytes(), true),
        ("[é]", "é".as_bytes(), true),
        ("?", b"\xc3", true),
        ("*é", b"\xff\xc3\xa9", true),
        ("[!a]", b"\xff", true),
        ("[[:alpha:]]", "é".as_bytes(), true),
        ("[a-z]", "é".as_bytes(), false),
        ("[[=b=]]", b"b", true),
        ("[[.hyphen.]]", b"-", true),
        ("[[.-.]]", b"-", true),
        ("[[:foo:]]", b"b", false),
        ("[]]", b"]", true),
        ("[!]]", b"a", true),
        ("[a", b"[a", true),
        ("[a]]", b"a]", true),
        ("[a-]", b"-", true),
        ("[-a]", b"-", true),
        ("[\\\\]", b"\\", true),
        ("[z-a]", b"b", false),
        ("[\\]]", b"]", true),
        ("[a\\-z]", b"b", false),
        ("[a\\-z]", b"-", true),
        ("[[:alpha:]", b"[a", true),
        ("[[:alpha]", b"a", true),
        ("[[:alpha]]", b"a]", true),
        ("[!", b"[!", true),
        ("[]", b"[]", true),
        ("a\\", b"a\\", true),
        ("\\*", b"*", true),
        ("[[:upper:][:lower:]]", b"x", true),
        ("@(a|b)@(a|b)", b"ab", true),
        ("!(a)", b"a", false),
        ("!(a)", b"ab", true),
        ("!(a)", b"", true),
        ("+(a)b", b"aab", true),
        ("*.@(c|h)", b"foo.c", true),
        ("!(foo)*", b"foo", true),
        ("*(ab|a)", b"aba", true),
        ("@(!(b))", b"b", false),
        ("@(a", b"@(a", true),
        ("@()", b"", true),
        ("a?(b)c", b"ac", true),
        ("@([)]|x)", b")", true),
    ];
    for (pattern, text, answer) in table {
        assert_eq!(matches(pattern, text), *answer, "{pattern} {}", bstr::BStr::new(text));
    }
}

#[test]
fn case_can_be_ignored() {
    let nocase = Options { nocase: true, extglob: false, bytes: false };
    let table = [
        ("[[:upper:]]", "a", false),
        ("A", "a", true),
        ("É", "é", true),
        ("[A-C]", "b", true),
        ("[Z-a]", "_", false),
        ("*B", "AB", true),
    ];
    for (pattern, text, answer) in table {
        let pattern = Pattern::new(pattern.as_bytes(), nocase);
        assert_eq!(pattern.is_match(text.as_bytes()), answer, "{pattern:?} {text}");
    }
}

#[test]
fn quoted_pieces_stand_for_themselves() {
    let mut builder = Builder::new();
    builder.active(b"[a");
    builder.quoted(b"-z]*");
    builder.active(b"]*");
    let pattern = builder.build(EXTENDED);
    assert!(pattern.is_match(b"]x"));
    assert!(pattern.is_match(b"*"));
    assert!(!pattern.is_match(b"b"));
}

#[test]
fn the_shortest_and_the_longest_are_found() {
    let pattern = Pattern::new(b"*/", EXTENDED);
    let on = pattern.on(b"a/b/c");
    assert_eq!(on.prefix(Reach::Shortest), Some(2));
    assert_eq!(on.prefix(Reach::Longest), Some(4));
    let pattern = Pattern::new(b".*", EXTENDED);
    let on = pattern.on(b"a.b.c");
    assert_eq!(on.suffix(Reach::Shortest), Some(3));
    assert_eq!(on.suffix(Reach::Longest), Some(1));
    let pattern = Pattern::new(b"a+(b)", EXTENDED);
    assert_eq!(pattern.on(b"xabbab").find(0), Some(1..4));
    assert_eq!(pattern.on(b"xabbab").find(2), Some(4..6));
    assert_eq!(pattern.on(b"xabbab").suffix(Reach::Longest), Some(4));
}

#[test]
fn hostile_patterns_end_soon() {
    let text = vec![b'a'; 5000];
    for pattern in ["*a*a*a*a*a*a*a*b", "*(*(a|b)|*(a)c)d", "+(+(+(a)))b", "*(a*)b"] {
        assert!(!matches(pattern, &text), "{pattern}");
    }
    let cancel = Cancel::new();
    cancel.cancel(crate::cancel::Reason::Timeout);
    let pattern = Pattern::new(b"!(!(!(*a*))x)*c", EXTENDED);
    assert!(!pattern.on(&text).until(&cancel).is_match());
}

/// The rules of matching, word for word and exponential.
fn model(nodes: &[Node], text: &[u8]) -> bool {
    let Some((node, rest)) = nodes.split_first() else { return text.is_empty() };
    let splits = || (0..=text.len()).filter_map(|at| text.split_at_checked(at));
    match node {
        Node::Bytes(bytes) => text.strip_prefix(&bytes[..]).is_some_and(|t| model(rest, t)),
        Node::Any => text.split_first().is_some_and(|(_, text)| model(rest, text)),
        Node::Star => splits().any(|(_, text)| model(rest, text)),
        Node::Group(kind, all) => {
            let one = |text: &[u8]| all.iter().any(|nodes| model(nodes, text));
            fn many(one: &dyn Fn(&[u8]) -> bool, text: &[u8]) -> bool {
                let more =
                    |at| text.split_at_checked(at).is_some_and(|(a, b)| one(a) && many(one, b));
                text.is_empty() || (1..=text.len()).any(more)
            }
            splits().any(|(head, tail)| {
                let matched = match kind {
                    Kind::One => one(head),
                    Kind::Optional => head.is_empty() || one(head),
                    Kind::Any => many(&one, head),
                    Kind::Some => {
                        one(head)
                            || (1..=head.len()).any(|at| {
                                head.split_at_checked(at)
                                    .is_some_and(|(a, b)| one(a) && many(&one, b))
                            })
                    }
                    Kind::Not => !one(head),
                };
                matched && model(rest, tail)
            })
        }
        Node::Folded(_) | Node::Bracket(_) => false,
    }
}

fn pattern_text() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec!["a", "b", "?", "*", "ab", ""]).prop_map(String::from);
    leaf.prop_recursive(3, 12, 3, |inner| {
        let group =
            (prop::sample::select(vec!["?", "*", "+", "@", "!"]), inner.clone(), inner.clone())
                .prop_map(|(kind, one, two)| format!("{kind}({one}|{two})"));
        let pair = (inner.clone(), inner).prop_map(|(one, two)| format!("{one}{two}"));
        prop_oneof![group, pair]
    })
}

proptest! {
    /// The engine agrees with the plain rules about whole texts, prefixes, suffixes and places.
    #[test]
    fn it_follows_the_rules(pattern in pattern_text(), text in "[abc]{0,7}") {
        let (bytes, text) = (pattern.as_bytes(), text.as_bytes());
        let nodes = parse::parse(bytes, &vec![false; bytes.len()], EXTENDED, true);
        let compiled = Pattern::new(bytes, EXTENDED);
        let on = compiled.on(text);
        let part = |start: usize, end: usize| text.get(start..end).unwrap_or_default();
        prop_assert_eq!(on.is_match(), model(&nodes, text));
        let ends: Vec<_> = (0..=text.len()).filter(|end| model(&nodes, part(0, *end))).collect();
        prop_assert_eq!(on.prefix(Reach::Shortest), ends.first().copied());
        prop_assert_eq!(on.prefix(Reach::Longest), ends.last().copied());
        let starts: Vec<_> =
            (0..=text.len()).filter(|start| model(&nodes, part(*start, text.len()))).collect();
        prop_assert_eq!(on.suffix(Reach::Shortest), starts.last().copied());
        prop_assert_eq!(on.suffix(Reach::Longest), starts.first().copied());
        let all = (0..=text.len())
            .flat_map(|start| (start..=text.len()).rev().map(move |end| (start, end)));
        let found = all.into_iter().find(|(start, end)| model(&nodes, part(*start, *end)));
        prop_assert_eq!(on.find(0), found.map(|(start, end)| start..end));
    }
}
