//! Faults as they are written, and when they happen.

use super::*;

fn fault(text: &str) -> Fault {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_fault_is_read_with_its_keys() {
    let read = fault("drop-after=3,symbol=BRK B,at=2,times=always");
    assert_eq!(read.kind, Kind::DropAfter(3));
    assert_eq!((read.at, read.times, read.symbol.as_deref()), (2, None, Some("BRK B")));
    assert_eq!(read.target, Target::History);
    let chance = fault("nan,p=0.5");
    assert_eq!((chance.kind, chance.times), (Kind::Bars(Tamper::Nan(None)), None));
    assert_eq!(fault("silent=ids").target, Target::Connect);
    let error = fault("error=162:one, two,for=any");
    assert_eq!(error.kind, Kind::Error { code: 162, text: "one, two".to_owned() });
    assert_eq!(error.target, Target::Any);
    assert_eq!(fault("garbage,for=connect").target, Target::Connect);
}

#[test]
fn what_is_no_fault_is_refused_with_its_reason() {
    for (text, reason) in [
        ("", "not known"),
        ("nonsense", "not known"),
        ("nan=x", "number of a bar"),
        ("nan=0", "number of a bar"),
        ("drop-after", "lacks its value"),
        ("delay=-1", "takes seconds"),
        ("delay=NaN", "takes seconds"),
        ("half-open=3", "takes no value"),
        ("drop=ids", "valid: accept, version or start"),
        ("nan,at=0", "counts from 1"),
        ("nan,p=2", "from 0 to 1"),
        ("nan,when=3", "is no key"),
        ("nan,for=connect", "cannot happen to a connection"),
        ("http,for=history", "happens to connections only"),
        ("nan,for=head", "requests for bars only"),
        ("error=what", "an error is a number"),
        ("restated=0", "above 0"),
        ("garbage,for=connect,symbol=A", "not for a symbol"),
    ] {
        let error = text.parse::<Fault>().unwrap_err();
        assert!(error.to_string().contains(reason), "{text}: {error}");
    }
}

#[test]
fn every_kind_of_the_table_is_read() {
    let source = include_str!("mod.rs");
    let rows = source.lines().filter_map(|line| line.strip_prefix("//! | `"));
    let mut kinds = 0;
    for row in rows {
        let first = row.split(" |").next().unwrap();
        let (mut name, mut texts) = ("", Vec::new());
        for text in first
            .split('`')
            .filter(|text| text.starts_with(|c: char| c.is_ascii_lowercase() || c == '='))
        {
            if text == "or" || text.trim() != text {
                continue;
            }
            let whole =
                if text.starts_with('=') { format!("{name}{text}") } else { text.to_owned() };
            name =
                if text.starts_with('=') { name } else { text.split(['=', '[']).next().unwrap() };
            texts.push(whole);
        }
        for text in texts {
            let text =
                text.replace("[:TEXT]", "").replace("=CODE", "=162").replace("=NAME", "=pacing");
            let text = text.replace("[=N]", "=2").replace("=MS", "=5").replace("=S", "=0.5");
            let text = text.replace("=K", "=3").replace("=R", "=2").replace("=N", "=3");
            fault(&text);
            kinds += 1;
        }
    }
    assert!(kinds > 50, "{kinds}");
}

#[test]
fn a_fault_happens_when_it_is_told_to() {
    let plan = Plan::new(1, vec![fault("nan,at=2,times=2,symbol=A")]);
    let happens = |symbol| plan.happens(Target::History, symbol).len();
    assert_eq!(["A", "B", "A", "B", "A", "A"].map(happens), [0, 0, 1, 0, 1, 0]);
    assert_eq!(plan.happens(Target::Head, "A").len(), 0);
    assert_eq!(plan.happened(), 2);
    plan.clear();
    plan.add(fault("error=504,for=any"));
    assert_eq!(plan.happens(Target::Connect, "").len(), 0);
    assert_eq!(plan.happens(Target::Time, "").len(), 1);
}

#[test]
fn a_probability_follows_the_seed() {
    let run = |seed| {
        let plan = Plan::new(seed, vec![fault("nan,p=0.25")]);
        (0..1000).map(|_| plan.happens(Target::History, "A").len()).collect::<Vec<_>>()
    };
    assert_eq!(run(5), run(5));
    assert_ne!(run(5), run(6));
    let often: usize = run(5).iter().sum();
    assert!((200..300).contains(&often), "{often}");
}
