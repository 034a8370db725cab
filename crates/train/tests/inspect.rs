//! What is read back from a run's history, and the picture that is made of it.

mod common;

use std::fs;
use std::path::Path;

use common::{TASKS, config, corpus, run};
use mtl_train::inspect::{Trace, Unmeasured, inspect};
use mtl_train::{Inspection, TrainError};
use tempfile::TempDir;

fn folder(history: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("history.jsonl"), history).unwrap();
    folder
}

fn look(history: &str) -> Inspection {
    Inspection::of(&Trace::read(folder(history).path()).unwrap())
}

/// What is said about a history, from the line on.
fn refused(history: &[u8]) -> String {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("history.jsonl");
    fs::write(&path, history).unwrap();
    let error = Trace::read(folder.path()).unwrap_err();
    assert_eq!(error.exit_code(), 2);
    error.to_string().replace(&format!("{}:", path.display()), "")
}

/// Errors unless each tag is closed in its order, and each text is without loose `<`, `>` and `&`.
fn assert_well_formed(svg: &str) {
    let mut open = Vec::new();
    let mut rest = svg;
    while let Some(start) = rest.find('<') {
        assert!(!rest[..start].contains('>'), "loose > before {}", &rest[start..]);
        let end = rest.find('>').expect("the tag ends");
        let tag = &rest[start + 1..end];
        assert!(!tag.contains('<') && tag.matches('"').count().is_multiple_of(2), "<{tag}>");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        match (tag.starts_with('/'), tag.ends_with('/')) {
            (true, _) => assert_eq!(open.pop(), Some(name), "</{name}>"),
            (false, false) => open.push(name),
            (false, true) => {}
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?} {rest}");
    for piece in svg.split('&').skip(1) {
        assert!(["amp;", "lt;", "gt;"].iter().any(|known| piece.starts_with(known)), "&{piece}");
    }
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
}

#[test]
fn first_and_last_are_tenths_of_the_steps_that_show_the_task() {
    let step = |step: u32| {
        let second = if step.is_multiple_of(2) { format!(",\"b\":{}.0", step) } else { String::new() };
        format!("{{\"step\":{step},\"losses\":{{\"a\":{step}.0{second}}},\"weights\":{{\"a\":2.0}}}}\n")
    };
    let inspection = look(&(1..=20).map(step).collect::<String>());
    let [a, b] = &inspection.tasks[..] else { panic!("{inspection:?}") };
    assert_eq!((a.shown, a.first_loss, a.last_loss, a.mean_loss), (20, Some(1.5), Some(19.5), Some(10.5)));
    assert_eq!((b.shown, b.first_loss, b.last_loss, b.mean_loss), (10, Some(2.0), Some(20.0), Some(11.0)));
    assert_eq!((a.mean_weight, b.mean_weight, a.mean_gradient_norm), (Some(2.0), None, None));
    assert_eq!(inspection.unmeasured, Some(Unmeasured::NotAsked));
}

#[test]
fn pairs_are_ordered_by_conflict_whichever_name_comes_first() {
    let cosines = |step: u32, ab: f64, ac: f64, bc: f64| {
        let pair = |first: &str, second: &str, cosine: f64| {
            format!("{{\"first\":\"{first}\",\"second\":\"{second}\",\"cosine\":{cosine}}}")
        };
        let pairs = [pair("b", "a", ab), pair("a", "c", ac), pair("c", "b", bc)].join(",");
        format!(
            "{{\"step\":{step},\"losses\":{{\"a\":1,\"b\":1,\"c\":1}},\"gradient_norms\":{{\"a\":2}},\"cosines\":[{pairs}]}}\n"
        )
    };
    let inspection = look(&(cosines(1, 0.5, -0.5, -0.25) + &cosines(51, 0.25, 0.75, -0.75)));
    let shown = inspection.pairs.iter().map(|pair| {
        (
            format!("{}{}", pair.first, pair.second),
            pair.mean_cosine,
            pair.conflicting,
            pair.sharpest,
            pair.sharpest_step,
        )
    });
    let expected = [
        ("bc".to_owned(), -0.5, 1.0, -0.75, 51),
        ("ac".to_owned(), 0.125, 0.5, -0.5, 1),
        ("ab".to_owned(), 0.375, 0.0, 0.25, 51),
    ];
    assert_eq!(shown.collect::<Vec<_>>(), expected);
    assert_eq!((inspection.measured, inspection.conflicts().count()), (2, 1));
}

#[test]
fn inner_problems_are_summed_up() {
    let step = |step: u32, more: &str| format!("{{\"step\":{step},\"losses\":{{\"a\":1}}{more}}}\n");
    let solved = [",\"residual\":1e-9", ",\"residual\":0.5,\"fallback\":true", ",\"residual\":1e-7", ""];
    let history: String = (1..).zip(solved).map(|(number, more)| step(number, more)).collect();
    let inner = look(&history).inner_problem.unwrap();
    assert_eq!((inner.steps, inner.fallbacks), (3, 1));
    assert_eq!((inner.largest_residual, inner.largest_step), (0.5, 2));
    assert_eq!(look(&step(1, "")).inner_problem, None);
}

#[test]
fn a_run_writes_how_its_inner_problems_ended() {
    let folder = TempDir::new().unwrap();
    corpus(folder.path());
    let sharing = "unit = \"every-task\"\n[sharing]\ngradients = \"upgrad\"";
    let out = folder.path().join("run");
    run(&config(folder.path(), "steps = 3", sharing, TASKS), &out);
    let inner = Inspection::of(&Trace::read(&out).unwrap()).inner_problem.unwrap();
    assert_eq!((inner.steps, inner.fallbacks), (3, 0));
    assert!(inner.largest_residual < 1e-4);
}

#[test]
fn a_line_without_its_end_is_left_out() {
    let whole = "{\"step\":1,\"losses\":{\"a\":1}}\n";
    assert_eq!(look(&format!("{whole}{{\"step\":2,\"los")).steps, 1);
    assert_eq!(look(&format!("{whole}{{\"step\":2,\"losses\":{{\"a\":1}}}}")).steps, 1);
    assert_eq!(look("").unmeasured, Some(Unmeasured::NoSteps));
}

#[test]
fn a_foreign_line_is_named_by_its_place() {
    let form = "the line is not one of a run's history: ";
    assert_eq!(refused(b"{\"step\":1,\"losses\":{\"a\":1}}\nstep 2\n"), format!("2:1: {form}expected value"));
    assert_eq!(
        refused("{\"step\":1,\"losses\":{\"é\":x}}\n".as_bytes()),
        format!("1:25: {form}expected value"),
        "columns count characters"
    );
    assert!(refused(b"{\"step\":1,\"losses\":{\"\xff\":1}}\n").starts_with("1:2"));
    assert!(refused(b"\n").starts_with(&format!("1:1: {form}")));
    assert!(refused(b"{\"losses\":{\"a\":1}}\n").contains("missing field `step`"));
    assert!(refused(b"{\"step\":1,\"losses\":{\"a\":null}}\n").contains("invalid type: null"));
    assert_eq!(
        refused(b"{\"step\":1}\n"),
        "1:1: the line must have either \"losses\", as a step's has, or \"evaluation\""
    );
    let again = "{\"step\":2,\"losses\":{\"a\":1}}\n".repeat(2);
    assert_eq!(refused(again.as_bytes()), "2:1: step 2 comes after step 2");
    let cosine =
        b"{\"step\":1,\"losses\":{},\"cosines\":[{\"first\":\"a\",\"second\":\"b\",\"cosine\":-1.5}]}\n";
    assert_eq!(refused(cosine), "1:1: the cosine of `a` and `b` must be from -1 to 1, got -1.5");
}

#[test]
fn a_folder_without_a_history_holds_no_run() {
    let error = inspect(Path::new("nowhere"), Path::new("nowhere.svg")).unwrap_err();
    assert!(matches!(error, TrainError::NoHistory { .. }), "{error}");
    assert!(!Path::new("nowhere.svg").exists());
}

#[test]
fn the_picture_is_well_formed_whatever_the_names_and_values() {
    let histories = [
        "",
        "{\"step\":1,\"losses\":{\"<a&b>\\\"\\u0001\":0}}\n",
        "{\"step\":1,\"losses\":{\"a\":1e300,\"b\":1e-300}}\n{\"step\":900000,\"losses\":{\"a\":0.5,\"b\":1e-300}}\n",
        "{\"step\":0,\"evaluation\":{\"a\":{\"pearson\":-0.5}}}\n",
    ];
    for history in histories {
        let folder = folder(history);
        let picture = folder.path().join("seen.svg");
        inspect(folder.path(), &picture).unwrap();
        assert_well_formed(&fs::read_to_string(picture).unwrap());
    }
}

#[test]
fn a_trained_run_is_seen_as_it_was() {
    let folder = TempDir::new().unwrap();
    corpus(folder.path());
    let sharing = "unit = \"every-task\"\n[sharing]\ngradients = \"pcgrad\"";
    let config = config(folder.path(), "steps = 5\nevaluate_every = 2", sharing, TASKS);
    let out = folder.path().join("run");
    let summary = run(&config, &out);
    let picture = out.join("inspect.svg");
    let inspection = inspect(&out, &picture).unwrap();
    assert_eq!((inspection.steps, inspection.evaluations, inspection.measured), (5, 3, 5));
    assert_eq!((inspection.tasks.len(), inspection.pairs.len(), inspection.unmeasured), (3, 3, None));
    let seen = |task: &mtl_train::inspect::TaskInspection| {
        task.shown == 5 && task.mean_weight >= Some(1.0) && task.mean_gradient_norm > Some(0.0)
    };
    assert!(inspection.tasks.iter().all(seen), "{inspection:?}");
    let trace = Trace::read(&out).unwrap();
    for (task, scores) in &summary.metrics.tasks {
        for (metric, score) in scores {
            assert_eq!(trace.tasks[task].scores[metric].last(), Some(&(5, *score)), "{task} {metric}");
        }
    }
    let svg = fs::read_to_string(picture).unwrap();
    assert_well_formed(&svg);
    for task in &config.tasks {
        assert!(svg.contains(&format!(">{}</text>", task.name)), "{}", task.name);
        assert!(svg.contains(&format!(">{} {}</text>", task.name, task.metric)), "{}", task.name);
    }
}

#[test]
fn every_way_of_combining_measures_the_same_conflicts() {
    let folder = TempDir::new().unwrap();
    corpus(folder.path());
    let trace = |gradients: &str| {
        let sharing =
            format!("unit = \"every-task\"\n[sharing]\nmeasure_every = 2\ngradients = \"{gradients}\"");
        let out = folder.path().join(gradients);
        run(&config(folder.path(), "steps = 3", &sharing, TASKS), &out);
        Trace::read(&out).unwrap()
    };
    let first = |points: &[(u64, f64)]| points.iter().find(|point| point.0 == 1).unwrap().1;
    let sum = trace("sum");
    assert_eq!(sum.measured, 2, "the first step and the third");
    for (gradients, measured) in [("pcgrad", 3), ("grad-drop", 2)] {
        let other = trace(gradients);
        assert_eq!(other.measured, measured, "{gradients}");
        for (name, task) in &other.tasks {
            let (got, expected) = (first(&task.gradient_norms), first(&sum.tasks[name].gradient_norms));
            assert!((got - expected).abs() < 1e-4 * expected, "{gradients} {name}: {got} {expected}");
        }
        for (pair, points) in &other.cosines {
            let (got, expected) = (first(points), first(&sum.cosines[pair]));
            assert!((got - expected).abs() < 1e-4, "{gradients} {pair:?}: {got} {expected}");
        }
    }
}
