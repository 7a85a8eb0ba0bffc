//! What a chart is drawn on: a canvas, or a drawing in SVG. One type for both, so that the code that draws is in the
//! page once.

use std::fmt;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontTransform,
};
use plotters_canvas::CanvasBackend;

use crate::ui::drawing::{self, Drawing, escaped};

pub enum Paper {
    Canvas(CanvasBackend),
    Svg(Drawing),
}

/// The browser's canvas would not draw.
#[derive(Debug)]
pub struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

type Fault = DrawingErrorKind<Refused>;
type CanvasFault = DrawingErrorKind<<CanvasBackend as DrawingBackend>::ErrorType>;

fn refused(fault: CanvasFault) -> Fault {
    DrawingErrorKind::DrawingError(Refused(fault.to_string()))
}

fn filled(colour: BackendColor) -> String {
    let (r, g, b) = colour.rgb;
    let opacity = if colour.alpha < 1.0 { format!(" fill-opacity=\"{:.3}\"", colour.alpha) } else { String::new() };
    format!("fill=\"#{r:02x}{g:02x}{b:02x}\"{opacity}")
}

fn stroked(style: &impl BackendStyle) -> String {
    let (colour, width) = (style.color(), style.stroke_width());
    let (r, g, b) = colour.rgb;
    let opacity = if colour.alpha < 1.0 { format!(" stroke-opacity=\"{:.3}\"", colour.alpha) } else { String::new() };
    format!("fill=\"none\" stroke=\"#{r:02x}{g:02x}{b:02x}\" stroke-width=\"{width}\"{opacity}")
}

fn points(path: impl IntoIterator<Item = BackendCoord>) -> String {
    drawing::points(path.into_iter().map(|(x, y)| (x.into(), y.into())))
}

impl DrawingBackend for Paper {
    type ErrorType = Refused;

    fn get_size(&self) -> (u32, u32) {
        match self {
            Paper::Canvas(canvas) => canvas.get_size(),
            Paper::Svg(drawing) => (drawing.size.0 as u32, drawing.size.1 as u32),
        }
    }

    fn ensure_prepared(&mut self) -> Result<(), Fault> {
        match self {
            Paper::Canvas(canvas) => canvas.ensure_prepared().map_err(refused),
            Paper::Svg(_) => Ok(()),
        }
    }

    fn present(&mut self) -> Result<(), Fault> {
        match self {
            Paper::Canvas(canvas) => canvas.present().map_err(refused),
            Paper::Svg(_) => Ok(()),
        }
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, colour: BackendColor) -> Result<(), Fault> {
        match self {
            Paper::Canvas(canvas) => canvas.draw_pixel((x, y), colour).map_err(refused)?,
            Paper::Svg(to) => {
                to.shape(format_args!("<rect x=\"{x}\" y=\"{y}\" width=\"1\" height=\"1\" {}/>", filled(colour)));
            }
        }
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, end: BackendCoord, style: &S) -> Result<(), Fault> {
        match self {
            Paper::Canvas(canvas) => canvas.draw_line(from, end, style).map_err(refused),
            Paper::Svg(_) => self.draw_path([from, end], style),
        }
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        end: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Result<(), Fault> {
        match self {
            Paper::Canvas(canvas) => canvas.draw_rect(from, end, style, fill).map_err(refused)?,
            Paper::Svg(to) if style.color().alpha > 0.0 => {
                let look = if fill { filled(style.color()) } else { stroked(style) };
                let (w, h) = (end.0 - from.0, end.1 - from.1);
                to.shape(format_args!("<rect x=\"{}\" y=\"{}\" width=\"{w}\" height=\"{h}\" {look}/>", from.0, from.1));
            }
            Paper::Svg(_) => {}
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Result<(), Fault> {
        match self {
            Paper::Canvas(canvas) => canvas.draw_path(path, style).map_err(refused)?,
            Paper::Svg(to) if style.color().alpha > 0.0 => {
                let look = stroked(style);
                to.shape(format_args!("<polyline points=\"{}\" {look} stroke-linejoin=\"round\"/>", points(path)));
            }
            Paper::Svg(_) => {}
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        outline: I,
        style: &S,
    ) -> Result<(), Fault> {
        match self {
            Paper::Canvas(canvas) => canvas.fill_polygon(outline, style).map_err(refused)?,
            Paper::Svg(to) => {
                to.shape(format_args!("<polygon points=\"{}\" {}/>", points(outline), filled(style.color())));
            }
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        centre: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Result<(), Fault> {
        match self {
            Paper::Canvas(canvas) => canvas.draw_circle(centre, radius, style, fill).map_err(refused)?,
            Paper::Svg(to) => {
                let look = if fill { filled(style.color()) } else { stroked(style) };
                to.shape(format_args!("<circle cx=\"{}\" cy=\"{}\" r=\"{radius}\" {look}/>", centre.0, centre.1));
            }
        }
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Result<(), Fault> {
        let to = match self {
            Paper::Canvas(canvas) => return canvas.draw_text(text, style, (x, y)).map_err(refused),
            Paper::Svg(to) => to,
        };
        let anchor = match style.anchor().h_pos {
            HPos::Left => "start",
            HPos::Center => "middle",
            HPos::Right => "end",
        };
        // Not every program that reads SVG knows baselines other than the letters' own.
        let down = match style.anchor().v_pos {
            VPos::Top => 0.8,
            VPos::Center => 0.35,
            VPos::Bottom => -0.2,
        };
        let turned = match style.transform() {
            FontTransform::None => String::new(),
            FontTransform::Rotate90 => format!(" transform=\"rotate(90 {x} {y})\""),
            FontTransform::Rotate180 => format!(" transform=\"rotate(180 {x} {y})\""),
            FontTransform::Rotate270 => format!(" transform=\"rotate(270 {x} {y})\""),
        };
        to.shape(format_args!(
            "<text x=\"{x}\" y=\"{y}\" dy=\"{down}em\" text-anchor=\"{anchor}\" font-family=\"{}\" font-size=\"{}\" \
             {}{turned}>{}</text>",
            escaped(style.family().as_str()),
            style.size(),
            filled(style.color()),
            escaped(text)
        ));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use plotters::prelude::*;

    use super::*;

    #[test]
    fn a_drawing_is_written_as_svg() {
        let drawing = Drawing::new(100.0, 50.0);
        {
            let area = Paper::Svg(drawing.clone()).into_drawing_area();
            area.fill(&WHITE).unwrap();
            area.draw(&PathElement::new([(1, 2), (30, 40)], Color::stroke_width(&RED.mix(0.5), 2))).unwrap();
            let font = ("sans-serif", 11).into_font();
            area.draw(&Text::new("a < b & c", (5, 6), font)).unwrap();
            area.present().unwrap();
        }
        let file = drawing.file("Loss & more", "");
        assert!(file.starts_with("<svg xmlns=") && file.ends_with("</svg>\n"));
        assert!(file.contains("<title>Loss &amp; more</title>"));
        assert!(file.contains("<rect x=\"0\" y=\"0\" width=\"100\" height=\"50\" fill=\"#ffffff\"/>"), "{file}");
        assert!(file.contains("<polyline points=\"1,2 30,40\" fill=\"none\" stroke=\"#ff0000\" stroke-width=\"2\""));
        assert!(file.contains(">a &lt; b &amp; c</text>"));
    }
}
