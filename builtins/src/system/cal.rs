//! `cal`: display a calendar.

use jiff::Timestamp;

use crate::core::strftime::zone;
use crate::prelude::*;

pub const CAL: Command = Command {
    name: "cal",
    synopsis: "cal [general options] [-jy] [[month] year]\ncal [general options] [-j] [-m month] [year]",
    summary: "Display a calendar.\n\nThe Gregorian calendar begins after the 2nd of September 1752, as it did in England.",
    options: &[
        short('1', "display one month (the default)"),
        short('3', "display the month before and the month after too"),
        short('A', "display so many months after").takes(Takes::Value("MONTHS")),
        short('B', "display so many months before").takes(Takes::Value("MONTHS")),
        short('d', "the current month is YYYY-MM").takes(Takes::Value("YYYY-MM")),
        short('j', "display days of the year"),
        short('m', "display this month").takes(Takes::Value("MONTH")),
        short('y', "display a whole year"),
    ],
    examples: &[Example {
        about: "A month.",
        script: "cal 2 2024 | head -3",
        prints: "   February 2024      \nSu Mo Tu We Th Fr Sa  \n             1  2  3  \n",
    }],
    order: Order::First,
    usage_status: 64,
    run: cal,
    ..Command::BASE
};

const NAMES: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const DAYS: [&str; 7] = ["Su", "Mo", "Tu", "We", "Th", "Fr", "Sa"];

/// Rows of weeks that a month is given.
const WEEKS: usize = 6;

/// At most so many months in one call.
const MONTHS_MAX: i64 = 12 * 9999;

/// Ends `cal` with status 64.
fn wrong(message: impl Into<String>) -> CommandError {
    CommandError::Fail(message.into().into_bytes(), ExitStatus(64))
}

fn misuse(ctx: &mut Context<'_>) -> CommandResult {
    let synopsis = CAL.synopsis.replace('\n', "\n       ");
    let options = "General options: [-31] [-A months] [-B months] [-d yyyy-mm]";
    ctx.stderr.put(format!("Usage: {synopsis}\n{options}\n").as_bytes())?;
    Ok(ExitStatus(64))
}

fn cal(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    let zone = zone(ctx.var("TZ").map(|zone| zone.as_bytes()));
    let now = Timestamp::from_nanosecond(i128::from(ctx.clock.now_ns())).unwrap_or_default();
    let today = zone.to_datetime(now).date();
    let (mut year, mut month) = (i64::from(today.year()), i64::from(today.month()));
    if let Some(text) = args.value('d') {
        let mut parts = text.splitn(2, |&byte| byte == b'-');
        let mut number = || -> i64 {
            parts.next().and_then(|part| part.to_str().ok()?.parse().ok()).unwrap_or(0)
        };
        (year, month) = (number(), number());
        in_range(year, &year.to_string())?;
        if !(1..=12).contains(&month) {
            return Err(wrong(format!("{month} is neither a month number (1..12) nor a name")));
        }
    }
    let mut whole_year = args.has('y');
    match args.operands() {
        [] => {}
        [text] => {
            year = parse_year(text)?;
            whole_year |= !args.has('m');
        }
        [name, text] if !args.has('m') => {
            month = parse_month(name)?;
            year = parse_year(text)?;
        }
        _ => return misuse(ctx),
    }
    if let Some(name) = args.value('m') {
        month = parse_month(name)?;
    }
    let count = |letter: char| match args.value(letter) {
        None => Ok(0),
        Some(text) => {
            let count = text.to_str().ok().and_then(|text| text.parse::<i64>().ok());
            count
                .filter(|count| (0..=MONTHS_MAX).contains(count))
                .ok_or_else(|| wrong(format!("Argument to -{letter} must be positive")))
        }
    };
    let (mut before, mut after) = (count('B')?, count('A')?);
    if args.has('3') {
        (before, after) = (1, 1);
    }
    if whole_year {
        (month, before, after) = (1, 0, 11);
    }
    let first = year * 12 + month - 1 - before;
    let last = year * 12 + month - 1 + after;
    let months: Vec<(i64, i64)> = (first.max(12)..=last.min(MONTHS_MAX + 11))
        .map(|index| (index.div_euclid(12), index.rem_euclid(12) + 1))
        .collect();
    print(ctx, &months, args.has('j'))
}

fn in_range(year: i64, shown: &str) -> Result<i64, CommandError> {
    match (1..=9999).contains(&year) {
        true => Ok(year),
        false => Err(wrong(format!("year `{shown}' not in range 1..9999"))),
    }
}

fn parse_year(text: &[u8]) -> Result<i64, CommandError> {
    let year = text.to_str().ok().and_then(|text| text.parse::<i64>().ok());
    match year {
        Some(year) if text.first().is_some_and(u8::is_ascii_digit) => {
            in_range(year, &text.as_bstr().to_string())
        }
        _ => Err(wrong(format!("not a valid year {}", text.as_bstr()))),
    }
}

/// A number, or the beginning of a name.
fn parse_month(text: &[u8]) -> Result<i64, CommandError> {
    let number = text.to_str().ok().and_then(|text| text.parse::<i64>().ok());
    let text_lower = text.to_ascii_lowercase();
    let named = || {
        let starts = |name: &&str| name.to_ascii_lowercase().as_bytes().starts_with(&text_lower);
        let at = NAMES.iter().position(|name| text.len() >= 3 && starts(name))?;
        i64::try_from(at + 1).ok()
    };
    number.filter(|month| (1..=12).contains(month)).or_else(named).ok_or_else(|| {
        wrong(format!("{} is neither a month number (1..12) nor a name", text.as_bstr()))
    })
}

/// Days since the first of the year 1, by the calendar of that time.
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let past = year - 1;
    let mut days = past * 365 + past.div_euclid(4);
    for before in 1..month {
        days += month_days(year, before);
    }
    // Since the reform, 11 days and the leap years of most centuries are missing.
    if gregorian(year, month, day) {
        days -= 11;
        if past > 1700 {
            days -= (past - 1700).div_euclid(100) - (past - 1600).div_euclid(400);
        }
    }
    days + day - 1
}

fn gregorian(year: i64, month: i64, day: i64) -> bool {
    (year, month, day) > (1752, 9, 2)
}

fn month_days(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year <= 1752 || year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Sunday is 0. The first of the year 1 was a Saturday.
fn weekday(year: i64, month: i64, day: i64) -> usize {
    usize::try_from((day_number(year, month, day) + 6).rem_euclid(7)).unwrap_or(0)
}

/// The rows of a month: its days under their names.
fn rows(year: i64, month: i64, julian: bool) -> Vec<String> {
    let width = if julian { 3 } else { 2 };
    let days: Vec<i64> = (1..=month_days(year, month))
        .filter(|day| (year, month) != (1752, 9) || !(3..=13).contains(day))
        .collect();
    let mut cells = vec![String::new(); WEEKS * 7];
    let start = day_number(year, 1, 1);
    for (at, day) in (weekday(year, month, 1)..).zip(days) {
        let shown = match julian {
            true => day_number(year, month, day) - start + 1,
            false => day,
        };
        if let Some(cell) = cells.get_mut(at) {
            *cell = shown.to_string();
        }
    }
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| format!("{cell:>width$}")).collect();
        cells.join(" ") + "  "
    };
    let names: Vec<String> = DAYS.iter().map(|name| (*name).to_owned()).collect();
    std::iter::once(line(&names)).chain(cells.chunks(7).map(line)).collect()
}

/// Text in the middle of a month, and the gap after it.
fn centred(text: &str, width: usize) -> String {
    let left = width.saturating_sub(text.len()) / 2;
    format!("{:left$}{text:rest$}  ", "", rest = width.saturating_sub(left))
}

fn print(ctx: &mut Context<'_>, months: &[(i64, i64)], julian: bool) -> CommandResult {
    let width = if julian { 27usize } else { 20 };
    let across = if julian { 2usize } else { 3 };
    let one_year = months.windows(2).all(|pair| pair[0].0 == pair[1].0);
    // Several months of one year share its heading.
    let heading = one_year && months.len() > 1;
    let mut out = String::new();
    if let (true, Some((year, _))) = (heading, months.first()) {
        let text = year.to_string();
        let left = (width * across).saturating_sub(text.len()) / 2;
        out += &format!("{:left$}{text}\n", "");
    }
    let groups = months.chunks(across);
    let last = groups.len();
    for (nth, group) in groups.enumerate() {
        ctx.check()?;
        for &(year, month) in group {
            let name = usize::try_from(month - 1).ok().and_then(|at| NAMES.get(at)).unwrap_or(&"");
            let title = if heading { (*name).to_owned() } else { format!("{name} {year}") };
            out += &centred(&title, width);
        }
        out.push('\n');
        let all: Vec<_> = group.iter().map(|&(year, month)| rows(year, month, julian)).collect();
        for row in 0..=WEEKS {
            for month in &all {
                out += month.get(row).map_or("", |row| row);
            }
            out.push('\n');
        }
        if nth + 1 < last {
            out.push('\n');
        }
        ctx.stdout.put(out.as_bytes())?;
        out.clear();
    }
    Ok(ExitStatus::SUCCESS)
}
