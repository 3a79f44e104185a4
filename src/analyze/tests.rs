use super::*;

fn names<T>(all: &BTreeMap<BString, T>) -> Vec<String> {
    all.keys().map(ToString::to_string).collect()
}

fn opaque(found: &Analysis) -> Vec<String> {
    found.opaque.iter().map(|o| format!("{:?} {} {}", o.kind, o.text, o.line)).collect()
}

#[test]
fn every_place_that_runs_something_is_walked() {
    let script = br#"
f() { grep -e x in1 | sort -o out1; }
f "$(cat <in2)" `head -n 3 in3` <(tail in4) ${x:-$(wc in5)} $(( $(rev in6) + 1 ))
cat <<E
$(tac in7)
E
eval 'touch out2; eval "rm out3"'
trap 'mkdir out4' EXIT
bash -c 'cp in8 in9 out5'
if [[ -f in10 && in11 -nt in12 ]]; then [ -r in13 ]; fi >out6 2>>out7
a=([$(date)]=$(uname)) b=${y/$(id)/$(pwd)}
command exec nice -n 5 sed -i s/a/b/ out8
find dir -name '*.c' -exec chmod +x {} \;
sed -n p in14; mv out9 out10
"#;
    let found = analyze(script);
    let reads: Vec<String> = (1..=14).map(|n| format!("in{n}")).chain(["dir".into()]).collect();
    let mut sorted = reads.clone();
    sorted.sort();
    assert_eq!(names(&found.reads), sorted);
    let mut writes: Vec<String> = (1..=10).map(|n| format!("out{n}")).collect();
    writes.push("{}".into());
    writes.sort();
    assert_eq!(names(&found.writes), writes);
    assert_eq!(names(&found.functions), ["f"]);
    assert_eq!(found.commands[b"f".as_bstr()].kind, CommandKind::Function);
    assert_eq!(found.commands[b"eval".as_bstr()].kind, CommandKind::Builtin);
    for name in ["date", "uname", "id", "pwd", "chmod", "nice", "rm", "sed"] {
        assert!(found.commands.contains_key(name.as_bytes().as_bstr()), "{name}");
    }
    assert_eq!(opaque(&found), ["Path files that find finds 13"]);
    assert_eq!(found.error, None);
}

#[test]
fn what_only_a_run_could_tell_is_opaque() {
    let script = b"$cmd x\neval \"$text\"\n. ./lib\ncat \"$file\" $(ls) >\"$out\"\nls | xargs rm\n\
        trap \"$t\" INT\necho ${x@P}\nbash script\neval 'if'\n";
    let found = analyze(script);
    let wanted = [
        "Command $cmd 1",
        "Text \"$text\" 2",
        "Source ./lib 3",
        "Path \"$file\" 4",
        "Path \"$out\" 4",
        "Path $(ls) 4",
        "Path arguments that xargs reads 5",
        "Text \"$t\" 6",
        "Text ${x@P} 7",
        "Source script 8",
        "Syntax if 9",
    ];
    assert_eq!(opaque(&found), wanted);
    assert!(!found.is_complete());
}

#[test]
fn a_syntax_error_is_told_and_ends_the_walk() {
    let found = analyze(b"echo a\nfi\necho b\n");
    assert_eq!(found.error.as_deref(), Some("line 2: syntax error near unexpected token `fi'"));
    assert_eq!(names(&found.commands), ["echo"]);
    let text = found.to_json().to_string();
    assert_eq!(
        text,
        "{\"commands\":[{\"kind\":\"builtin\",\"lines\":[1],\"name\":\"echo\"}],\
        \"complete\":false,\"error\":\"line 2: syntax error near unexpected token `fi'\",\
        \"functions\":[],\"opaque\":[],\"reads\":[],\"writes\":[]}"
    );
}

#[test]
fn deep_nesting_is_an_answer() {
    let deep = [b"echo ".to_vec(), b"$(".repeat(20_000)].concat();
    assert!(analyze(&deep).error.is_some());
    let within = [b"$(".repeat(900), b":".to_vec(), b")".repeat(900)].concat();
    assert_eq!(analyze(&within).error, None);
    assert_eq!(dump_ast(&within).1, None);
    let texts = (0..8).fold(String::from(":"), |text, _| {
        let quoted = mesash_builtins::core::shell_quote::backslash(text.as_bytes());
        format!("eval {}", String::from_utf8_lossy(&quoted))
    });
    assert!(analyze(texts.as_bytes()).error.is_none());
}

#[test]
fn the_tree_is_dumped_with_spans() {
    let (tree, error) = dump_ast(b"x=1 echo \"$y\" >f &\nif a; then b; fi\n");
    assert_eq!(error, None);
    let tree: Value = serde_json::from_str(&tree).unwrap();
    let commands = tree["commands"].as_array().unwrap();
    assert_eq!(commands[0]["span"], json!([0, 19]));
    let simple = &commands[0]["list"][0]["command"];
    assert_eq!(simple["type"], "simple");
    assert_eq!(simple["assignments"][0]["name"], "x");
    assert_eq!(simple["words"][1]["parts"][0]["type"], "double_quoted");
    assert_eq!(simple["redirects"][0]["target"]["text"], "f");
    assert_eq!(commands[1]["list"][0]["branches"][0]["condition"][0]["words"][0]["text"], "a");
    assert_eq!(commands[1]["line"], 2);
}
