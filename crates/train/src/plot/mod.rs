//! Panels of lines over one horizontal axis, as an SVG document.
//!
//! Written by hand: axes, lines and legends need no library, and no fonts but the viewer's.

mod axis;
mod series;

use std::fmt::Write;

pub(crate) use axis::Axis;
pub(crate) use series::Series;

/// One colour a task, apart for most colour-blind eyes (Okabe and Ito 2008, without yellow).
const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555"];
/// When the colours are used up, they come again with these dashes.
const DASHES: [&str; 4] = ["none", "7 3", "2 3", "9 3 2 3"];
/// Where the panels' left edge is, how wide they are, and where their legends begin.
const LEFT: f64 = 70.0;
const WIDTH: f64 = 640.0;
const LEGEND: f64 = LEFT + WIDTH + 15.0;
/// Room above the first panel, and around each.
const HEADING: f64 = 34.0;
const ABOVE: f64 = 28.0;
const BELOW: f64 = 30.0;
/// The least height of a panel, and the height of a line of its legend.
const HEIGHT: f64 = 170.0;
const LINE: f64 = 17.0;
/// About the width of a letter.
const LETTER: f64 = 7.2;
/// About how many steps the horizontal axis has; few would leave much of it empty.
const STEPS: f64 = 8.0;
/// Lines of at most so many points have dots.
const DOTS: usize = 60;

/// Panels above each other.
#[derive(Debug)]
pub(crate) struct Figure {
    pub(crate) title: String,
    pub(crate) x_label: &'static str,
    pub(crate) panels: Vec<Panel>,
}

/// One panel.
#[derive(Debug)]
pub(crate) struct Panel {
    pub(crate) title: String,
    pub(crate) lines: Vec<Series>,
    /// Whether a line of means is drawn over each line.
    pub(crate) smooth: bool,
    /// A value that the axis must hold, and where a line is drawn across.
    pub(crate) level: Option<f64>,
    /// What is said in the panel if it has no line.
    pub(crate) empty: String,
}

impl Figure {
    /// The picture as an SVG document.
    pub(crate) fn svg(&self) -> String {
        let heights: Vec<f64> = self.panels.iter().map(Panel::height).collect();
        let names = self.panels.iter().flat_map(|panel| &panel.lines).map(|line| line.name.chars().count());
        let width = LEGEND + 40.0 + LETTER * names.max().unwrap_or(0) as f64;
        let height = HEADING + heights.iter().map(|height| height + ABOVE + BELOW).sum::<f64>() + 10.0;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"sans-serif\" font-size=\"12\">\n\
             <title>{}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
            escaped(&self.title)
        );
        svg += &text((10.0, 22.0), "start", " font-size=\"15\"", &self.title);
        let (x, mut top) = (self.x_axis(), HEADING);
        for (panel, height) in self.panels.iter().zip(heights) {
            svg += &Canvas { panel, x: &x, top: top + ABOVE, height }.draw(self.x_label);
            top += height + ABOVE + BELOW;
        }
        svg + "</svg>\n"
    }

    fn x_axis(&self) -> Axis {
        let points = self.panels.iter().flat_map(|panel| &panel.lines).flat_map(|line| &line.points);
        let last = points.map(|point| point.0).max_by(f64::total_cmp);
        Axis::spanning(0.0, last.unwrap_or(1.0), STEPS)
    }
}

impl Panel {
    fn height(&self) -> f64 {
        if self.lines.is_empty() { LINE * 2.0 } else { HEIGHT.max(LINE * self.lines.len() as f64) }
    }

    fn y_axis(&self) -> Axis {
        let ranges = self.lines.iter().filter_map(Series::range);
        let level = self.level.map(|level| level..=level);
        let both = ranges.chain(level).reduce(|a, b| a.start().min(*b.start())..=a.end().max(*b.end()));
        both.map_or_else(|| Axis::linear(0.0, 1.0), |range| Axis::fitting(*range.start(), *range.end()))
    }
}

/// A panel at its place.
struct Canvas<'a> {
    panel: &'a Panel,
    x: &'a Axis,
    top: f64,
    height: f64,
}

impl Canvas<'_> {
    fn draw(&self, x_label: &str) -> String {
        let Canvas { panel, top, height, .. } = self;
        let mut svg = text((LEFT, top - 8.0), "start", " font-weight=\"bold\"", &panel.title);
        if panel.lines.is_empty() {
            return svg + &text((LEFT, top + LINE), "start", " fill=\"#777777\"", &panel.empty);
        }
        let y = panel.y_axis();
        svg += &self.grid(&y, x_label);
        for (number, line) in panel.lines.iter().enumerate() {
            let at = (LEGEND, top + LINE * (number as f64 + 0.5));
            svg += &format!("<g {}>\n<title>{}</title>\n", look(line.look), escaped(&line.name));
            svg += &self.line(line, &y);
            svg += &format!(
                "<path d=\"M{:.0} {:.1}h22\" stroke-width=\"2\"/>\n</g>\n{}",
                at.0,
                at.1,
                text((at.0 + 28.0, at.1 + 4.0), "start", "", &line.name)
            );
        }
        svg + &format!(
            "<rect x=\"{LEFT}\" y=\"{top:.1}\" width=\"{WIDTH}\" height=\"{height:.1}\" fill=\"none\" stroke=\"#888888\"/>\n"
        )
    }

    fn grid(&self, y: &Axis, x_label: &str) -> String {
        let (right, bottom) = (LEFT + WIDTH, self.top + self.height);
        let stroke = |path: &str, colour: &str| format!("<path d=\"{path}\" stroke=\"{colour}\"/>\n");
        let mut svg = String::new();
        for (value, words) in &y.ticks {
            let at = self.across(y, *value);
            svg += &stroke(&format!("M{LEFT} {at:.1}H{right}"), "#e8e8e8");
            svg += &text((LEFT - 6.0, at + 4.0), "end", "", words);
        }
        for (value, words) in &self.x.ticks {
            let at = self.along(*value);
            svg += &stroke(&format!("M{at:.1} {:.1}V{bottom:.1}", self.top), "#e8e8e8");
            svg += &text((at, bottom + 15.0), "middle", "", words);
        }
        if let Some(level) = self.panel.level.filter(|level| y.holds(*level)) {
            svg += &stroke(&format!("M{LEFT} {:.1}H{right}", self.across(y, level)), "#888888");
        }
        svg + &text((right + 15.0, bottom + 15.0), "start", " fill=\"#777777\"", x_label)
    }

    /// The points, thin below their line of means if there is one.
    fn line(&self, line: &Series, y: &Axis) -> String {
        let smooth = self.panel.smooth && line.smooth() != line.points;
        let thin = if smooth { "stroke-width=\"0.7\" opacity=\"0.35\"" } else { "stroke-width=\"1.6\"" };
        let mut svg = self.path(&line.drawn(), y, thin);
        if smooth {
            svg += &self.path(&line.smooth(), y, "stroke-width=\"2\"");
        }
        if line.points.len() <= DOTS {
            for point in &line.points {
                let (x, y) = (self.along(point.0), self.across(y, point.1));
                write!(svg, "<path d=\"M{x:.1} {y:.1}h0\" stroke-width=\"5\"/>").expect("strings take all");
            }
            svg.push('\n');
        }
        svg
    }

    fn path(&self, points: &[(f64, f64)], y: &Axis, style: &str) -> String {
        let mut path = String::new();
        for (number, point) in points.iter().enumerate() {
            let (command, x, y) =
                (if number == 0 { 'M' } else { 'L' }, self.along(point.0), self.across(y, point.1));
            write!(path, "{command}{x:.1} {y:.1}").expect("strings take all");
        }
        format!("<path d=\"{path}\" {style}/>\n")
    }

    fn along(&self, value: f64) -> f64 {
        LEFT + WIDTH * self.x.place(value)
    }

    fn across(&self, y: &Axis, value: f64) -> f64 {
        self.top + self.height * (1.0 - y.place(value))
    }
}

fn look(number: usize) -> String {
    let (colour, dashes) = (COLOURS[number % COLOURS.len()], DASHES[number / COLOURS.len() % DASHES.len()]);
    format!(
        "fill=\"none\" stroke=\"{colour}\" stroke-dasharray=\"{dashes}\" stroke-linecap=\"round\" stroke-linejoin=\"round\""
    )
}

fn text((x, y): (f64, f64), anchor: &str, style: &str, words: &str) -> String {
    format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\"{style}>{}</text>\n", escaped(words))
}

/// The words as XML has them.
fn escaped(words: &str) -> String {
    let mut text = String::new();
    for letter in words.chars() {
        match letter {
            '&' => text += "&amp;",
            '<' => text += "&lt;",
            '>' => text += "&gt;",
            // No XML document may hold these.
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => text.push('\u{fffd}'),
            _ => text.push(letter),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(lines: Vec<Series>) -> Panel {
        Panel { title: "loss".into(), lines, smooth: true, level: Some(0.0), empty: "nothing < more".into() }
    }

    #[test]
    fn a_line_has_its_path_and_its_name() {
        let line = Series { name: "a & b".into(), look: 1, points: vec![(0.0, 0.0), (10.0, 1.0)] };
        let figure = Figure { title: "run".into(), x_label: "step", panels: vec![panel(vec![line])] };
        let svg = figure.svg();
        assert!(svg.contains(">a &amp; b</text>") && svg.contains(COLOURS[1]), "{svg}");
        // From the lower left corner to the upper right one.
        assert!(svg.contains("<path d=\"M70.0 232.0L710.0 62.0\" stroke-width=\"1.6\"/>"), "{svg}");
    }

    #[test]
    fn a_panel_without_lines_says_why() {
        let svg = Figure { title: "run".into(), x_label: "step", panels: vec![panel(vec![])] }.svg();
        assert!(svg.contains(">nothing &lt; more</text>") && !svg.contains("NaN"), "{svg}");
    }
}
