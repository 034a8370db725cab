//! WOZ: dialogues about restaurants. Asked is, turn by turn, what changed in the state.
//!
//! The context is what the system did and what the user said; the answer is `SLOT: VALUE, ...; REQUESTED, ...` with
//! what the user newly informed of and what they request, or `None`. The identifier is `en_DIALOGUE_TURN`.

use serde::Deserialize;

use super::super::Question;
use super::{File, squeeze};
use crate::error::DataError;

#[derive(Deserialize)]
struct Dialogue {
    dialogue: Vec<Turn>,
}

#[derive(Deserialize)]
struct Turn {
    transcript: String,
    system_acts: Vec<Act>,
    belief_state: Vec<Belief>,
}

/// A slot that the system asked for, or a slot with a value that it told.
#[derive(Deserialize)]
#[serde(untagged)]
enum Act {
    Asked(String),
    Told(Vec<String>),
}

#[derive(Deserialize)]
struct Belief {
    act: String,
    #[serde(default)]
    slots: Vec<(String, String)>,
}

pub(super) fn read(file: &File) -> Result<Vec<Question>, DataError> {
    let dialogues: Vec<Dialogue> = file.document()?;
    let mut questions = Vec::new();
    for (number, Dialogue { dialogue }) in dialogues.into_iter().enumerate() {
        let mut before: Vec<(String, String)> = Vec::new();
        for (place, turn) in dialogue.iter().enumerate() {
            let of = |informs: bool| {
                let beliefs =
                    turn.belief_state.iter().filter(move |belief| (belief.act == "inform") == informs);
                beliefs.flat_map(|belief| belief.slots.iter().cloned())
            };
            let informed: Vec<(String, String)> = of(true).collect();
            let new = informed.iter().filter(|slot| !before.contains(slot));
            let new: Vec<String> = new.map(|(slot, value)| format!("{slot}: {value}")).collect();
            let requested: Vec<String> = of(false).map(|(_, slot)| slot).collect();
            questions.push(Question {
                id: format!("en_{number}_{place}"),
                context: context(turn),
                question: "What is the change in state?".to_owned(),
                answers: vec![answer(&new, &requested)],
                line: 1,
                ..Question::default()
            });
            before = informed;
        }
    }
    Ok(questions)
}

fn context(turn: &Turn) -> String {
    let say = |act: &Act| match act {
        Act::Asked(slot) => slot.clone(),
        Act::Told(parts) => parts.join(": "),
    };
    let acts: Vec<String> = turn.system_acts.iter().map(say).collect();
    let mark = if acts.is_empty() { "" } else { " -- " };
    squeeze(&format!("{}{mark}{}", acts.join(", "), turn.transcript))
}

fn answer(new: &[String], requested: &[String]) -> String {
    match (new, requested) {
        ([], []) => "None".to_owned(),
        (new, []) => format!("{};", new.join(", ")),
        (new, requested) => format!("{}; {}", new.join(", "), requested.join(", ")),
    }
}
