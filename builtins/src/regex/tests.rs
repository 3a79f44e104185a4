use super::*;

fn compile(pattern: &str, syntax: &Syntax) -> Result<Regex, RegexError> {
    Regex::new(pattern.as_bytes(), syntax, Flags::default())
}

/// The match and its groups, as `[0][1]…`; `-` for a group that took no part.
fn found(pattern: &str, syntax: &Syntax, text: &str) -> String {
    let regex = match compile(pattern, syntax) {
        Ok(regex) => regex,
        Err(error) => return error.to_string(),
    };
    let mut captures = Captures::new();
    let matched = regex.captures_at(text.as_bytes(), 0, &Cancel::new(), &mut captures);
    if matched != Ok(true) {
        return format!("{matched:?}");
    }
    let group = |n: usize| captures.get(n).map_or("-".to_owned(), |span| text[span].to_owned());
    (0..=regex.groups()).map(|n| format!("[{}]", group(n))).collect()
}

#[test]
fn matches_are_leftmost_and_longest_with_the_groups_of_glibc() {
    for (pattern, text, wanted) in [
        ("(a|ab)(c|bcd)(d*)", "abcd", "[abcd][a][bcd][]"),
        ("((a?)(ab)?)(b?)", "ab", "[ab][a][a][-][b]"),
        ("(a|ab|b)*", "abab", "[abab][b]"),
        ("(fo|foo)(bar|obar)?", "foobar", "[foobar][fo][obar]"),
        ("(a*)(a|b)*", "aaab", "[aaab][aaa][b]"),
        ("x*", "aaxx", "[]"),
        ("a|ab|abc", "xabcd", "[abc]"),
        ("a{2,3}", "aaaa", "[aaa]"),
        ("(a{1,2}){3}", "aaaaa", "[aaaaa][a]"),
        (r"\bfoo\b|food", "a food", "[food]"),
        (r"(.)\1", "abccd", "[cc][c]"),
        (r"(a*)b\1", "aabaab", "[aabaa][aa]"),
        (r"(a|(b))*c((\2)b)?", "abcbab", "[abc][b][b][-][-]"),
        ("[^a]+", "aéb", "[éb]"),
        (".", "é", "[é]"),
        ("[[:alpha:]]+", "1äß2", "[äß]"),
        (r"\w+", "-äß_2-", "[äß_2]"),
        ("a||b", "b", "[b]"),
        ("()", "b", "[][]"),
        ("^*", "b", "Invalid preceding regular expression"),
        ("a)", "a)", "[a)]"),
    ] {
        assert_eq!(found(pattern, &Syntax::REGCOMP, text), wanted, "{pattern}");
    }
}

#[test]
fn basic_expressions_take_their_operators_after_a_backslash() {
    for (pattern, text, wanted) in [
        ("*a", "a*a", "[*a]"),
        (r"\(*a\)", "a*a", "[*a][*a]"),
        ("^*a", "*a", "[*a]"),
        (r"\(^a\)", "ba", "Ok(false)"),
        ("a^b", "a^b", "[a^b]"),
        (r"a\|^b", "bc", "[b]"),
        ("x$y", "x$y", "[x$y]"),
        (r"a\{2\}", "aaa", "[aa]"),
        (r"a\{,2\}", "aaa", "[aa]"),
        (r"a\?b\+", "abb", "[abb]"),
        (r"\<*a", "*a", "Ok(false)"),
        ("$*", "a", "[]"),
        ("[]a]*", "a]b", "[a]]"),
        ("[^]]*", "ab]", "[ab]"),
        ("[[.a.]-c]*", "abcd", "[abc]"),
        ("[[=a=]b]*", "abc", "[ab]"),
        (r"[\n]", "n", "[n]"),
        (r"\(a\)\{2\}", "aa", "[aa][a]"),
    ] {
        assert_eq!(found(pattern, &Syntax::BASIC, text), wanted, "{pattern}");
    }
}

#[test]
fn faults_are_said_in_the_words_of_glibc() {
    let basic = |pattern: &str| compile(pattern, &Syntax::BASIC).err().map(|e| e.to_string());
    for (pattern, wanted) in [
        ("a**", "Invalid preceding regular expression"),
        (r"\{1\}", "Invalid preceding regular expression"),
        (r"a\{1", r"Unmatched \{"),
        (r"a\{2,1\}", r"Invalid content of \{\}"),
        (r"a\{x\}", r"Invalid content of \{\}"),
        (r"a\{99999\}", "Regular expression too big"),
        (r"\)", r"Unmatched ) or \)"),
        (r"\(", r"Unmatched ( or \("),
        ("[", "Invalid regular expression"),
        ("[a", "Unmatched [, [^, [:, [., or [="),
        ("[[:foo:]]", "Invalid character class name"),
        ("[[.space.]]", "Invalid collation character"),
        ("[b-a]", "Invalid range end"),
        ("[a-[:digit:]]", "Invalid range end"),
        (r"\1", "Invalid back reference"),
        (r"\(a\1\)", "Invalid back reference"),
        (r"\", "Trailing backslash"),
        ("[:space:]", "character class syntax is [[:space:]], not [:space:]"),
    ] {
        assert_eq!(basic(pattern).as_deref(), Some(wanted), "{pattern}");
    }
    let egrep = compile("{1}", &Syntax::EGREP).expect("a pattern");
    assert_eq!(egrep.warnings(), ["{...} at start of expression"]);
    assert_eq!(found("{1}", &Syntax::EGREP, "{1}"), "[]");
    assert_eq!(found("a{1", &Syntax::EGREP, "a{1"), "[a{1]");
    assert_eq!(found("a|*b", &Syntax::EGREP, "b"), "[b]");
}

#[test]
fn case_lines_and_bytes_are_options() {
    let at = |pattern: &str, flags: Flags, text: &[u8], start: usize| {
        let regex = Regex::new(pattern.as_bytes(), &Syntax::EGREP, flags).expect(pattern);
        regex.find_at(text, start, &Cancel::new()).expect(pattern)
    };
    let icase = Flags { ignore_case: true, ..Flags::default() };
    assert_eq!(at("stra[SS]É", icase, "xStRasé".as_bytes(), 0), Some(1..8));
    assert_eq!(at(r"(é)x\1", icase, "éXÉ".as_bytes(), 0), Some(0..5));
    let lines = Flags { lines: Lines::Separate(b'\n'), ..Flags::default() };
    assert_eq!(at("^b.*$", lines, b"a\nbc\nd", 0), Some(2..4));
    assert_eq!(at("[^x]*$", lines, b"ax\nbc\nd", 2), Some(2..2));
    assert_eq!(at("a.*c", lines, b"a\nc", 0), None);
    let multi = Flags { lines: Lines::Anchors, ..Flags::default() };
    assert_eq!(at("^b.*", multi, b"a\nb\nc", 0), Some(2..5));
    let bytes = Flags { bytes: true, ..Flags::default() };
    assert_eq!(at("a.b", bytes, b"a\xffb", 0), Some(0..3));
    assert_eq!(at("a.b", Flags::default(), b"a\xffb", 0), None);
    assert_eq!(at(r"(.)\1", Flags::default(), "éé".as_bytes(), 0), Some(0..4));
    let anchored = at("^a", Flags::default(), b"aa", 1);
    assert_eq!(anchored, None);
    assert_eq!(class_contains(b"punct", '!'), Some(true));
    assert_eq!(class_contains(b"none", '!'), None);
}

#[test]
fn hopeless_back_references_end() {
    let regex = compile(r"(a*)*(a*)*(a*)*\1b", &Syntax::REGCOMP).expect("a pattern");
    let text = vec![b'a'; 60];
    let mut ending = text.clone();
    ending.extend_from_slice(b"b");
    assert!(matches!(regex.is_match(&text, &Cancel::new()), Ok(false)));
    let cancel = Cancel::new();
    cancel.cancel(crate::cancel::Reason::Interrupt);
    let hopeless = compile(r"((a*)*)*(\1)*c\2d", &Syntax::REGCOMP).expect("a pattern");
    ending.extend_from_slice(b"cxd");
    assert_eq!(hopeless.find_at(&ending, 0, &cancel), Err(MatchError::Cancelled));
}

#[test]
fn whole_lines_and_several_patterns() {
    let lines = Flags { lines: Lines::Separate(b'\n'), ..Flags::default() };
    let patterns: [&[u8]; 2] = [br"\(a\)\1", br"\(b\)\1"];
    let regex = Regex::any_of(&patterns, &Syntax::GREP, lines).expect("patterns");
    assert_eq!(regex.find_at(b"abb", 0, &Cancel::new()), Ok(Some(1..3)));
    let whole = regex.whole_lines().expect("patterns");
    assert_eq!(whole.find_at(b"abb\nbb\n", 0, &Cancel::new()), Ok(Some(4..6)));
}

#[test]
fn perls_dialect_looks_around() {
    for (pattern, text, wanted) in [
        (r"(?<=foo)bar", "xbar foobar", "[bar]"),
        (r"(?<!foo)bar", "foobar xbar", "[bar]"),
        (r"foo(?=bar)", "foox foobar", "[foo]"),
        (r"foo(?!bar)\w*", "foobar fooz", "[fooz]"),
        (r"a\K.", "ab", "[b]"),
        (r"<.+?>", "<a><b>", "[<a>]"),
        (r"a|ab", "ab", "[a]"),
        (r"(?i)AB(?-i)c", "abc", "[abc]"),
        (r"(?<y>\d{4})-\k<y>", "2024-2024", "[2024-2024][2024]"),
        (r"a++b", "aaab", "[aaab]"),
        (r"(?>a+)ab", "aaab", "Ok(false)"),
        (r"\bfoo\b", "xfoo foo", "[foo]"),
        (r"[^\W\d]+", "12ab", "[ab]"),
        (r"\x41\Q.*\E\.", "A.*.", "[A.*.]"),
        (r"\p{Lu}+", "aÉB", "[ÉB]"),
        ("(", "", "missing closing parenthesis"),
    ] {
        let regex = match Regex::perl(pattern.as_bytes(), Flags::default()) {
            Ok(regex) => regex,
            Err(error) => {
                assert_eq!(error.to_string(), wanted, "{pattern}");
                continue;
            }
        };
        let mut captures = Captures::new();
        let cancel = Cancel::new();
        let matched = regex.captures_at(text.as_bytes(), 0, &cancel, &mut captures);
        let group = |n| captures.get(n).map_or("-".to_owned(), |span| text[span].to_owned());
        let shown: String = match matched {
            Ok(true) => (0..=regex.groups()).map(|n| format!("[{}]", group(n))).collect(),
            other => format!("{other:?}"),
        };
        assert_eq!(shown, wanted, "{pattern}");
    }
}
