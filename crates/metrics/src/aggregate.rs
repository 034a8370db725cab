//! One number for a benchmark: the GLUE score, the SuperGLUE score and the decaScore.
//!
//! All scores are in points, from 0 to 100 as the papers print them (a correlation from -100), and higher is better.
//! The GLUE and SuperGLUE scores are plain means over tasks, a task with two metrics counting their mean; the decaScore is a
//! sum. Diagnostics (AX, AX-b, AX-g) are not counted. A score with a task missing is not a score: it is an error that names
//! what is missing.
//!
//! Wang et al. 2018 (GLUE), Wang et al. 2019 (SuperGLUE), McCann et al. 2018 (decaNLP).

use crate::error::MetricError;

/// Scores of GLUE's nine tasks, in points; `None` where there is none yet.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct GlueScore {
    /// CoLA: Matthews correlation.
    pub cola: Option<f64>,
    /// SST-2: accuracy.
    pub sst2: Option<f64>,
    /// MRPC: F1 and accuracy.
    pub mrpc: Option<[f64; 2]>,
    /// STS-B: Pearson and Spearman correlation.
    pub stsb: Option<[f64; 2]>,
    /// QQP: F1 and accuracy.
    pub qqp: Option<[f64; 2]>,
    /// MNLI: accuracy, matched and mismatched. They are two metrics of one task, as on the benchmark's leaderboard.
    pub mnli: Option<[f64; 2]>,
    /// QNLI: accuracy.
    pub qnli: Option<f64>,
    /// RTE: accuracy.
    pub rte: Option<f64>,
    /// WNLI: accuracy.
    pub wnli: Option<f64>,
}

impl GlueScore {
    /// Each task with its score, the mean of two metrics where there are two.
    pub fn tasks(&self) -> [(&'static str, Option<f64>); 9] {
        [
            ("CoLA", self.cola),
            ("SST-2", self.sst2),
            ("MRPC", self.mrpc.map(mean)),
            ("STS-B", self.stsb.map(mean)),
            ("QQP", self.qqp.map(mean)),
            ("MNLI", self.mnli.map(mean)),
            ("QNLI", self.qnli),
            ("RTE", self.rte),
            ("WNLI", self.wnli),
        ]
    }

    /// The mean over the nine tasks, at most 100.
    ///
    /// # Errors
    /// Errors with the names of the tasks that have no score, or if one is not finite.
    pub fn score(&self) -> Result<f64, MetricError> {
        Ok(sum("GLUE score", &self.tasks())? / self.tasks().len() as f64)
    }
}

/// Scores of SuperGLUE's eight tasks, in points; `None` where there is none yet.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SuperGlueScore {
    /// BoolQ: accuracy.
    pub boolq: Option<f64>,
    /// CB: mean F1 of its classes, and accuracy.
    pub cb: Option<[f64; 2]>,
    /// COPA: accuracy.
    pub copa: Option<f64>,
    /// MultiRC: F1a and exact match.
    pub multirc: Option<[f64; 2]>,
    /// ReCoRD: F1 and exact match.
    pub record: Option<[f64; 2]>,
    /// RTE: accuracy.
    pub rte: Option<f64>,
    /// WiC: accuracy.
    pub wic: Option<f64>,
    /// WSC: accuracy.
    pub wsc: Option<f64>,
}

impl SuperGlueScore {
    /// Each task with its score, the mean of two metrics where there are two.
    pub fn tasks(&self) -> [(&'static str, Option<f64>); 8] {
        [
            ("BoolQ", self.boolq),
            ("CB", self.cb.map(mean)),
            ("COPA", self.copa),
            ("MultiRC", self.multirc.map(mean)),
            ("ReCoRD", self.record.map(mean)),
            ("RTE", self.rte),
            ("WiC", self.wic),
            ("WSC", self.wsc),
        ]
    }

    /// The mean over the eight tasks, from 0 to 100.
    ///
    /// # Errors
    /// As [`GlueScore::score`].
    pub fn score(&self) -> Result<f64, MetricError> {
        Ok(sum("SuperGLUE score", &self.tasks())? / self.tasks().len() as f64)
    }
}

/// Scores of decaNLP's ten tasks, in points; `None` where there is none yet.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct DecaScore {
    /// SQuAD: normalised F1.
    pub squad: Option<f64>,
    /// IWSLT, English to German: BLEU.
    pub iwslt: Option<f64>,
    /// CNN/DailyMail: mean of ROUGE-1, ROUGE-2 and ROUGE-L.
    pub cnn_dm: Option<f64>,
    /// MNLI: exact match.
    pub mnli: Option<f64>,
    /// SST: exact match.
    pub sst: Option<f64>,
    /// QA-SRL: normalised F1.
    pub qa_srl: Option<f64>,
    /// QA-ZRE: corpus-level F1.
    pub qa_zre: Option<f64>,
    /// WOZ: dialogue-state exact match.
    pub woz: Option<f64>,
    /// WikiSQL: logical-form exact match.
    pub wikisql: Option<f64>,
    /// MWSC: exact match.
    pub mwsc: Option<f64>,
}

impl DecaScore {
    /// Each task with its score.
    pub fn tasks(&self) -> [(&'static str, Option<f64>); 10] {
        [
            ("SQuAD", self.squad),
            ("IWSLT", self.iwslt),
            ("CNN/DM", self.cnn_dm),
            ("MNLI", self.mnli),
            ("SST", self.sst),
            ("QA-SRL", self.qa_srl),
            ("QA-ZRE", self.qa_zre),
            ("WOZ", self.woz),
            ("WikiSQL", self.wikisql),
            ("MWSC", self.mwsc),
        ]
    }

    /// The sum over the ten tasks, from 0 to 1000.
    ///
    /// # Errors
    /// As [`GlueScore::score`].
    pub fn score(&self) -> Result<f64, MetricError> {
        sum("decaScore", &self.tasks())
    }
}

fn mean([first, second]: [f64; 2]) -> f64 {
    (first + second) / 2.0
}

/// The sum over tasks. Errors if one has no score, or a score is not finite.
fn sum(aggregate: &'static str, tasks: &[(&'static str, Option<f64>)]) -> Result<f64, MetricError> {
    let missing: Vec<_> = tasks.iter().filter(|(_, score)| score.is_none()).map(|(task, _)| *task).collect();
    if !missing.is_empty() {
        return Err(MetricError::MissingTasks { aggregate, missing });
    }
    let scores: Vec<f64> = tasks.iter().filter_map(|(_, score)| *score).collect();
    crate::check::finite("score of task", &scores)?;
    Ok(scores.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_rows_give_their_published_means() {
        // People on GLUE (Nangia & Bowman 2019): 87.1.
        let glue = GlueScore {
            cola: Some(66.4),
            sst2: Some(97.8),
            mrpc: Some([86.3, 80.8]),
            stsb: Some([92.7, 92.6]),
            qqp: Some([59.5, 80.4]),
            mnli: Some([92.0, 92.8]),
            qnli: Some(91.2),
            rte: Some(93.6),
            wnli: Some(95.9),
        };
        assert!((glue.score().unwrap() - 87.05).abs() < 1e-9);
        // People on SuperGLUE (Wang et al. 2019): 89.8.
        let superglue = SuperGlueScore {
            boolq: Some(89.0),
            cb: Some([95.8, 98.9]),
            copa: Some(100.0),
            multirc: Some([81.8, 51.9]),
            record: Some([91.7, 91.3]),
            rte: Some(93.6),
            wic: Some(80.0),
            wsc: Some(100.0),
        };
        assert!((superglue.score().unwrap() - 89.7875).abs() < 1e-9);
    }

    #[test]
    fn missing_tasks_are_named() {
        let error = GlueScore { cola: Some(1.0), qqp: Some([1.0; 2]), ..GlueScore::default() }.score();
        assert_eq!(
            error.unwrap_err().to_string(),
            "no GLUE score without SST-2, MRPC, STS-B, MNLI, QNLI, RTE, WNLI"
        );
        let all = DecaScore::default().score().unwrap_err();
        assert!(matches!(all, MetricError::MissingTasks { missing, .. } if missing.len() == 10));
    }
}
