//! Lists and commands.

use super::{INDENT, Printer};
use crate::syntax::ast::{
    AndOr, AndOrOp, ArithExpr, ArithFor, Case, CaseEnd, Command, CommandKind, Cond, CondOp, For,
    Function, If, List, ListEnd, MatchOp, Pipeline, Simple, TimeFormat, While, Word,
};

impl<'a> Printer<'a> {
    pub fn list(&mut self, list: &'a List) {
        let background = list.items.iter().any(|item| item.end == ListEnd::Background);
        let connected = u32::from(list.items.len() > 1 || background);
        self.connections += connected;
        // `&` binds what follows `;` or a line's end more tightly than that does.
        let mut alone = true;
        for (index, item) in list.items.iter().enumerate() {
            let last = index + 1 == list.items.len();
            self.and_or(&item.and_or);
            if index > 0 && !(alone && item.end == ListEnd::Background) {
                self.flush(b"");
            }
            alone = item.end == ListEnd::Sequence;
            match (item.end, last) {
                (ListEnd::Sequence, true) => {}
                (ListEnd::Sequence, false) => self.end_item(item.newline),
                (ListEnd::Background, _) => {
                    self.flush(b" &");
                    if !last {
                        self.put(b" ");
                        self.inline = true;
                    }
                }
            }
        }
        self.connections -= connected;
    }

    pub fn and_or(&mut self, and_or: &'a AndOr) {
        let connected = u32::from(!and_or.rest.is_empty());
        self.connections += connected;
        self.pipeline(&and_or.first);
        for (index, (op, pipeline)) in and_or.rest.iter().enumerate() {
            if index > 0 {
                self.flush(b"");
            }
            self.flush(match op {
                AndOrOp::And => b" && ",
                AndOrOp::Or => b" || ",
            });
            self.inline = true;
            self.pipeline(pipeline);
        }
        if connected > 0 {
            self.flush(b"");
        }
        self.connections -= connected;
    }

    pub fn pipeline(&mut self, pipeline: &'a Pipeline) {
        self.start();
        if let Some(format) = pipeline.time {
            self.put(match format {
                TimeFormat::Shell => b"time ",
                TimeFormat::Posix => b"time -p ",
            });
        }
        if pipeline.negated {
            self.put(b"! ");
        }
        let connected = u32::from(pipeline.commands.len() > 1);
        self.connections += connected;
        for (index, command) in pipeline.commands.iter().enumerate() {
            if index > 0 {
                self.flush(b" |");
                self.put(b" ");
            }
            self.inline = true;
            self.command(command);
        }
        if connected > 0 {
            self.flush(b"");
        }
        self.connections -= connected;
    }

    /// The indentation of a command, unless it goes on in a line.
    fn start(&mut self) {
        if !std::mem::take(&mut self.inline) {
            self.put_indent();
        }
    }

    pub fn command(&mut self, command: &'a Command) {
        self.start();
        match &command.kind {
            CommandKind::Simple(simple) => self.simple(simple),
            CommandKind::Group(list) => self.group(list),
            CommandKind::Subshell(list) => {
                self.put(b"( ");
                self.inline = true;
                self.list(list);
                self.flush(b"");
                self.put(b" )");
            }
            CommandKind::If(node) => self.branch(node, 0),
            CommandKind::While(node) => self.while_(node),
            CommandKind::For(node) => self.for_(b"for ", node),
            CommandKind::Select(node) => self.for_(b"select ", node),
            CommandKind::ArithFor(node) => self.arith_for(node),
            CommandKind::Case(node) => self.case(node),
            CommandKind::Cond(condition) => {
                self.put(b"[[ ");
                self.condition(condition);
                self.put(b" ]]");
            }
            CommandKind::Arith(expression) => {
                self.put(b"((");
                self.put(&expression.text);
                self.put(b"))");
            }
            CommandKind::Function(function) => self.function(function),
            CommandKind::Coproc(coproc) => {
                self.put(b"coproc ");
                self.text(&coproc.name.text);
                self.put(b" ");
                self.inline = true;
                self.command(&coproc.body);
            }
        }
        if !command.redirects.is_empty() {
            let bare = matches!(&command.kind, CommandKind::Simple(simple)
                if simple.words.is_empty() && simple.assignments.is_empty());
            if !bare {
                self.put(b" ");
            }
            self.redirects(&command.redirects);
        }
    }

    fn simple(&mut self, simple: &'a Simple) {
        let assignments = simple.assignments.iter().map(|assignment| &assignment.text);
        let words = simple.words.iter().map(|word| &word.text);
        for (index, text) in assignments.chain(words).enumerate() {
            if index > 0 {
                self.put(b" ");
            }
            self.text(text);
        }
    }

    fn group(&mut self, list: &'a List) {
        self.put(b"{ ");
        if self.functions == 0 {
            self.inline = true;
            self.list(list);
            self.flush(b"");
            self.semicolon();
            self.put(b" ");
        } else {
            self.put(b"\n");
            self.body(list);
            self.put(b"\n");
            self.put_indent();
        }
        self.put(b"}");
    }

    /// A list one level further in, with its here-documents.
    fn body(&mut self, list: &'a List) {
        self.indent += INDENT;
        self.list(list);
        self.flush(b"");
        self.indent -= INDENT;
    }

    /// `if` and the branches from `index` on: bash nests `elif` as an `if` in the `else`.
    fn branch(&mut self, node: &'a If, index: usize) {
        let Some((condition, body)) = node.branches.get(index) else { return };
        self.put(b"if ");
        self.inline = true;
        self.list(condition);
        self.semicolon();
        self.put(b" then\n");
        self.body(body);
        if index + 1 < node.branches.len() {
            self.semicolon();
            self.line(b"else\n");
            self.indent += INDENT;
            self.put_indent();
            self.branch(node, index + 1);
            self.indent -= INDENT;
        } else if let Some(otherwise) = &node.otherwise {
            self.semicolon();
            self.line(b"else\n");
            self.body(otherwise);
        }
        self.semicolon();
        self.line(b"fi");
    }

    fn while_(&mut self, node: &'a While) {
        self.put(if node.until { b"until " } else { b"while " });
        self.inline = true;
        self.list(&node.condition);
        self.flush(b"");
        self.semicolon();
        self.put(b" do\n");
        self.body(&node.body);
        self.semicolon();
        self.line(b"done");
    }

    fn for_(&mut self, keyword: &[u8], node: &'a For) {
        self.put(keyword);
        self.put(&node.name);
        self.put(b" in ");
        match &node.words {
            None => self.put(b"\"$@\""),
            Some(words) => self.words(words),
        }
        self.put(b";");
        self.loop_body(&node.body);
    }

    fn words(&mut self, words: &'a [Word]) {
        for (index, word) in words.iter().enumerate() {
            if index > 0 {
                self.put(b" ");
            }
            self.text(&word.text);
        }
    }

    fn arith_for(&mut self, node: &'a ArithFor) {
        self.put(b"for ((");
        for (index, part) in [&node.init, &node.condition, &node.update].into_iter().enumerate() {
            if index > 0 {
                self.put(b"; ");
            }
            self.arith_part(part.as_ref());
        }
        self.put(b"))");
        self.loop_body(&node.body);
    }

    /// An empty part is printed as the 1 that it means.
    fn arith_part(&mut self, part: Option<&'a ArithExpr>) {
        self.put(part.map_or(&b"1"[..], |part| &part.text));
    }

    fn loop_body(&mut self, body: &'a List) {
        self.line(b"do\n");
        self.body(body);
        self.semicolon();
        self.line(b"done");
    }

    fn case(&mut self, node: &'a Case) {
        self.put(b"case ");
        self.text(&node.word.text);
        self.put(b" in ");
        self.indent += INDENT;
        for clause in &node.clauses {
            self.line(b"");
            for (index, pattern) in clause.patterns.iter().enumerate() {
                if index > 0 {
                    self.put(b" | ");
                }
                self.text(&pattern.word.text);
            }
            self.put(b")\n");
            self.body(&clause.body);
            self.line(match clause.end {
                CaseEnd::Break => b";;",
                CaseEnd::FallThrough => b";&",
                CaseEnd::TestNext => b";;&",
            });
        }
        self.indent -= INDENT;
        self.line(b"esac");
    }

    fn condition(&mut self, condition: &'a Cond) {
        match condition {
            Cond::Word(word) => {
                self.put(b"-n ");
                self.text(&word.text);
            }
            Cond::Unary(letter, word) => {
                self.put(&[b'-', *letter, b' ']);
                self.text(&word.text);
            }
            Cond::Binary(op, sides) => {
                self.text(&sides.0.text);
                self.put(operator(*op));
                self.text(&sides.1.text);
            }
            Cond::Match(op, sides) => {
                self.text(&sides.0.text);
                self.put(match op {
                    MatchOp::Equal => b" == ",
                    MatchOp::EqualOne => b" = ",
                    MatchOp::NotEqual => b" != ",
                });
                self.text(&sides.1.word.text);
            }
            Cond::Regex(sides) => {
                self.text(&sides.0.text);
                self.put(b" =~ ");
                self.text(&sides.1.word.text);
            }
            Cond::Not(inside) => {
                self.put(b"! ");
                self.condition(inside);
            }
            Cond::Group(inside) => {
                self.put(b"( ");
                self.condition(inside);
                self.put(b" )");
            }
            Cond::And(terms) => self.conditions(terms, b" && "),
            Cond::Or(terms) => self.conditions(terms, b" || "),
        }
    }

    fn conditions(&mut self, terms: &'a [Cond], between: &[u8]) {
        for (index, term) in terms.iter().enumerate() {
            if index > 0 {
                self.put(between);
            }
            self.condition(term);
        }
    }

    /// A definition within a list.
    fn function(&mut self, function: &'a Function) {
        self.put(b"function ");
        self.put(&function.name);
        self.put(b" () \n");
        self.put_indent();
        self.put(b"{ \n");
        self.function_body(&function.body);
        self.forget_documents();
    }

    /// From after `{ ` to the closing brace and the redirections behind it.
    pub fn function_body(&mut self, body: &'a Command) {
        self.functions += 1;
        self.indent += INDENT;
        let redirects = match &body.kind {
            CommandKind::Group(list) => {
                self.list(list);
                Some(&body.redirects)
            }
            _ => {
                self.command(body);
                None
            }
        };
        self.flush(b"");
        self.indent -= INDENT;
        self.functions -= 1;
        self.line(b"}");
        if let Some(redirects) = redirects
            && !redirects.is_empty()
        {
            self.put(b" ");
            self.redirects(redirects);
        }
    }
}

fn operator(op: CondOp) -> &'static [u8] {
    match op {
        CondOp::Before => b" < ",
        CondOp::After => b" > ",
        CondOp::Eq => b" -eq ",
        CondOp::Ne => b" -ne ",
        CondOp::Lt => b" -lt ",
        CondOp::Le => b" -le ",
        CondOp::Gt => b" -gt ",
        CondOp::Ge => b" -ge ",
        CondOp::Newer => b" -nt ",
        CondOp::Older => b" -ot ",
        CondOp::SameFile => b" -ef ",
    }
}
