"""The keys of curves: cursor, zoom, pan, smoothing, scale. What they move is a chart that a screen names."""

from tlworkbench.tui.widgets.chart import Chart

ZOOM = 2.0


class ChartKeys:
    """Turns the actions of curves into looks at a chart. Comes before the screen among the bases."""

    @property
    def chart_in_use(self) -> Chart:
        """The chart that the keys of curves are for."""
        raise NotImplementedError

    def chart_changed(self) -> None:
        """The chart is looked at otherwise than before."""

    def action_earlier(self) -> None:
        self.chart_in_use.move(-1)

    def action_later(self) -> None:
        self.chart_in_use.move(1)

    def action_zoom_in(self) -> None:
        self.chart_in_use.zoom(ZOOM)
        self.chart_changed()

    def action_zoom_out(self) -> None:
        self.chart_in_use.zoom(1 / ZOOM)
        self.chart_changed()

    def action_pan_left(self) -> None:
        self.chart_in_use.pan(-1)
        self.chart_changed()

    def action_pan_right(self) -> None:
        self.chart_in_use.pan(1)
        self.chart_changed()

    def action_whole_curve(self) -> None:
        self.chart_in_use.look_at(self.chart_in_use.view.whole())
        self.chart_changed()

    def action_smooth(self) -> None:
        self.chart_in_use.look_at(self.chart_in_use.view.smoother())
        self.chart_changed()

    def action_logarithmic(self) -> None:
        self.chart_in_use.turn_scale()
        self.chart_changed()
