//! Searches one file and prints what is wanted of it.

use std::io;
use std::sync::Arc;

use grep_matcher::Matcher;
use grep_printer::{
    ColorSpecs, JSON, JSONBuilder, Standard, StandardBuilder, Stats, Summary, SummaryBuilder,
    SummaryKind, UserColorSpec, default_color_specs,
};
use grep_searcher::{BinaryDetection, Encoding, Searcher, SearcherBuilder};
use termcolor::{Ansi, NoColor, WriteColor};

use super::ignores::as_path;
use super::matcher::Compiled;
use super::options::{Binary, Options, Show};
use super::trouble;
use crate::cancel::Cancel;
use crate::prelude::*;
use crate::stream::Stream;

/// Where everything is printed.
pub(super) type Out = Box<dyn WriteColor>;

enum Kind {
    Standard(Standard<Out>),
    Summary(Summary<Out>),
    Json(JSON<Out>),
}

pub(super) struct Printer {
    searcher: Searcher,
    kind: Kind,
    binary: Binary,
    null_data: bool,
    pub stats: Stats,
}

/// What is searched.
pub(super) enum Text {
    All(Bytes),
    Stream(Arc<dyn Stream>),
}

/// Reads a stream for the libraries.
struct Reader {
    stream: Arc<dyn Stream>,
    cancel: Cancel,
}

impl io::Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.stream.read(buffer.len(), &self.cancel)?;
        let into = buffer.get_mut(..bytes.len()).ok_or(io::ErrorKind::InvalidData)?;
        into.copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

/// Which parts of a line's head are shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts {
    pub names: bool,
    pub heading: bool,
    pub line_numbers: bool,
    pub color: bool,
}

impl Printer {
    pub fn new(
        ctx: &mut Context<'_>,
        options: &Options,
        args: &Args,
        parts: Parts,
        out: Output,
    ) -> Result<Self, CommandError> {
        let mut specs = default_color_specs();
        for spec in args.values("colors") {
            let spec = spec.to_str_lossy().parse::<UserColorSpec>();
            specs.push(spec.map_err(|error| trouble(ctx, error.to_string()))?);
        }
        let colors = ColorSpecs::new(&specs);
        let out: Out =
            if parts.color { Box::new(Ansi::new(out)) } else { Box::new(NoColor::new(out)) };
        let summary = match options.show {
            _ if args.has("quiet") => Some(SummaryKind::QuietWithMatch),
            Show::Lines => None,
            Show::Count if options.has("only-matching") => Some(SummaryKind::CountMatches),
            Show::Count => Some(SummaryKind::Count),
            Show::CountMatches => Some(SummaryKind::CountMatches),
            Show::FilesWith => Some(SummaryKind::PathWithMatch),
            Show::FilesWithout => Some(SummaryKind::PathWithoutMatch),
        };
        let kind = match summary {
            Some(SummaryKind::QuietWithMatch) if options.has("json") => Kind::Summary(
                SummaryBuilder::new().kind(SummaryKind::QuietWithMatch).stats(true).build(out),
            ),
            Some(kind) => Kind::Summary(
                SummaryBuilder::new()
                    .kind(kind)
                    .color_specs(colors)
                    .stats(options.has("stats"))
                    .path(parts.names)
                    .exclude_zero(!options.has("include-zero"))
                    .separator_path(options.path_separator)
                    .path_terminator(options.has("null").then_some(0))
                    .build(out),
            ),
            None if options.has("json") => {
                let replacement = options.replace.as_ref().map(|text| text.to_vec());
                Kind::Json(JSONBuilder::new().replacement(replacement).build(out))
            }
            None => Kind::Standard(standard(options, parts, colors).build(out)),
        };
        Ok(Self {
            searcher: searcher(ctx, options, parts)?,
            kind,
            binary: options.binary,
            null_data: options.has("null-data"),
            stats: Stats::new(),
        })
    }

    /// Searches one text. Whether it has a match.
    pub fn search(
        &mut self,
        ctx: &Context<'_>,
        matcher: &Compiled,
        name: &[u8],
        explicit: bool,
        text: Text,
    ) -> io::Result<bool> {
        let detection = match self.binary {
            _ if self.null_data => BinaryDetection::none(),
            Binary::Text => BinaryDetection::none(),
            Binary::Auto if !explicit => BinaryDetection::quit(0),
            _ => BinaryDetection::convert(0),
        };
        self.searcher.set_binary_detection(detection);
        match matcher {
            Compiled::Default(matcher) => self.with(ctx, matcher, name, text),
            Compiled::Perl(matcher) => self.with(ctx, &**matcher, name, text),
        }
    }

    fn with<M: Matcher>(
        &mut self,
        ctx: &Context<'_>,
        matcher: &M,
        name: &[u8],
        text: Text,
    ) -> io::Result<bool> {
        let Self { searcher, kind, stats, .. } = self;
        let name = as_path(name);
        let reader = |stream| Reader { stream, cancel: ctx.cancel.clone() };
        match kind {
            Kind::Standard(printer) => {
                let mut sink = printer.sink_with_path(matcher, name);
                match text {
                    Text::All(text) => searcher.search_slice(matcher, &text, &mut sink)?,
                    Text::Stream(from) => {
                        searcher.search_reader(matcher, reader(from), &mut sink)?
                    }
                }
                sink.stats().into_iter().for_each(|more| *stats += more);
                Ok(sink.has_match())
            }
            Kind::Summary(printer) => {
                let mut sink = printer.sink_with_path(matcher, name);
                match text {
                    Text::All(text) => searcher.search_slice(matcher, &text, &mut sink)?,
                    Text::Stream(from) => {
                        searcher.search_reader(matcher, reader(from), &mut sink)?
                    }
                }
                sink.stats().into_iter().for_each(|more| *stats += more);
                Ok(sink.has_match())
            }
            Kind::Json(printer) => {
                let mut sink = printer.sink_with_path(matcher, name);
                match text {
                    Text::All(text) => searcher.search_slice(matcher, &text, &mut sink)?,
                    Text::Stream(from) => {
                        searcher.search_reader(matcher, reader(from), &mut sink)?
                    }
                }
                *stats += sink.stats();
                Ok(sink.has_match())
            }
        }
    }

    pub fn out(&mut self) -> &mut Out {
        match &mut self.kind {
            Kind::Standard(printer) => printer.get_mut(),
            Kind::Summary(printer) => printer.get_mut(),
            Kind::Json(printer) => printer.get_mut(),
        }
    }
}

fn standard(options: &Options, parts: Parts, colors: ColorSpecs) -> StandardBuilder {
    let vimgrep = options.has("vimgrep");
    let separator = if parts.heading {
        Some(Vec::new())
    } else if options.before > 0 || options.after > 0 {
        options.context_separator.clone()
    } else {
        None
    };
    let mut builder = StandardBuilder::new();
    builder
        .color_specs(colors)
        .stats(options.has("stats"))
        .heading(parts.heading)
        .path(parts.names)
        .only_matching(options.has("only-matching"))
        .per_match(vimgrep)
        .per_match_one_line(true)
        .replacement(options.replace.as_ref().map(|text| text.to_vec()))
        .max_columns(options.max_columns)
        .max_columns_preview(options.has("max-columns-preview"))
        .column(options.has("column") || vimgrep)
        .byte_offset(options.has("byte-offset"))
        .trim_ascii(options.has("trim"))
        .separator_search(separator)
        .separator_context(options.context_separator.clone())
        .separator_field_match(options.field_match_separator.clone())
        .separator_field_context(options.field_context_separator.clone())
        .separator_path(options.path_separator)
        .path_terminator(options.has("null").then_some(0));
    builder
}

fn searcher(
    ctx: &mut Context<'_>,
    options: &Options,
    parts: Parts,
) -> Result<Searcher, CommandError> {
    use grep_matcher::LineTerminator;
    let line_end = if options.has("crlf") {
        LineTerminator::crlf()
    } else if options.has("null-data") {
        LineTerminator::byte(0)
    } else {
        LineTerminator::byte(b'\n')
    };
    let mut builder = SearcherBuilder::new();
    builder
        .line_terminator(line_end)
        .invert_match(options.has("invert-match"))
        .line_number(parts.line_numbers)
        .multi_line(options.has("multiline"))
        .before_context(options.before)
        .after_context(options.after)
        .passthru(options.has("passthru"))
        .stop_on_nonmatch(options.has("stop-on-nonmatch"))
        .max_matches(options.max_count)
        .heap_limit(usize::try_from(ctx.budget.limits().memory_bytes).ok());
    match options.encoding.as_deref() {
        None => {}
        Some("none") => drop(builder.bom_sniffing(false)),
        Some(label) => match Encoding::new(label) {
            Ok(encoding) => drop(builder.encoding(Some(encoding))),
            Err(_) => {
                return Err(trouble(ctx, format!("grep config error: unknown encoding: {label}")));
            }
        },
    }
    Ok(builder.build())
}
