"""What a page costs: the program that writes it, and the browser that shows it. See scripts/bench.

    scripts/bench_report.py target/release [--rounds 15]

Prints minimum, median and maximum. Runs with and without the page take turns, so that a busy machine
slows both alike. The browser is timed by its own clock: from the start of the navigation to the first
paint and to the first frame with all charts, and from a zoom to the end of the frame that shows it.
"""
import argparse
import fcntl
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
DRAWN = "Boolean(window.report && report.view.drawn)"
# Every step is a zoom around another place, drawn in a frame of its own.
ZOOMS = """(async () => {
  const { view } = report, frame = () => new Promise(requestAnimationFrame);
  const times = [];
  for (let at = 0; at < 60; at++) {
    if (view.to - view.from < 200) view.show(0, view.rows);
    await frame(); await frame();
    const place = view.from + (view.to - view.from) * ((at * 0.37) % 1);
    const began = performance.now();
    view.zoom(0.6, place);
    await frame();
    await new Promise(done => { const c = new MessageChannel(); c.port1.onmessage = done; c.port2.postMessage(0); });
    times.push(performance.now() - began);
  }
  return times;
})()"""
PAINTS = """(() => {
  const [first] = performance.getEntriesByName('first-contentful-paint');
  return first ? first.startTime : null;
})()"""


class Browser:
    """Chromium without a window, spoken to over a pipe."""

    def __init__(self):
        found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
        if not found:
            sys.exit("no Chromium on the search path (Debian: apt-get install chromium)")
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        theirs, self.to = os.pipe()
        self.source, answers = os.pipe()
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 50) for end in (theirs, answers)]
        self.child = subprocess.Popen(
            [found, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--remote-debugging-pipe", f"--user-data-dir={self.profile.name}",
             "about:blank"],
            preexec_fn=lambda: (os.dup2(ends[0], 3), os.dup2(ends[1], 4)), close_fds=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for end in (theirs, answers, *ends):
            os.close(end)
        self.rest, self.number, self.session = b"", 0, None
        targets = self.ask("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        self.session = self.ask("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        self.ask("Page.enable")
        self.ask("Performance.enable", timeDomain="threadTicks")
        self.ask("Emulation.setDeviceMetricsOverride", width=1280, height=900, deviceScaleFactor=1, mobile=False)

    def ask(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self.rest:
                self.rest += os.read(self.source, 1 << 20)
            one, self.rest = self.rest.split(b"\0", 1)
            said = json.loads(one)
            if said.get("id") == self.number:
                return said["result"]

    def value(self, expression):
        asked = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        return asked["result"].get("value")

    def open(self, path):
        """The first frame with all charts, in milliseconds from the start of the navigation."""
        watch = "new Promise(done => { const look = () => %s ? requestAnimationFrame(() => done(performance.now()))" \
                " : setTimeout(look, 2); look(); })" % DRAWN
        self.ask("Page.navigate", url=path.resolve().as_uri())
        while self.value("location.protocol") != "file:":
            time.sleep(0.01)
        return self.value(watch)

    def first_paint(self):
        """The browser notes it a little later."""
        for _ in range(100):
            if (found := self.value(PAINTS)) is not None:
                return found
            time.sleep(0.02)
        sys.exit("the browser tells no first paint")

    def processor(self):
        """Milliseconds that the thread of the page has worked, which a busy machine does not stretch."""
        metrics = self.ask("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration") * 1e3

    def end(self):
        os.close(self.to)
        self.child.wait(10)


def line(label, times):
    times = sorted(times)
    figures = (times[0], statistics.median(times), times[-1])
    print(f"{label:<58} " + " ".join(f"{value:8.1f}" for value in figures) + " ms", flush=True)


def compare(label, rounds, plain, with_page):
    """Whole processes, in turns; the cost of the page is the difference of the medians."""
    both = (([], []), ([], []))
    for _ in range(rounds):
        for command, times in zip((plain, with_page), both):
            began = time.perf_counter()
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, check=True, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times[0].append((time.perf_counter() - began) * 1e3)
            times[1].append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3)
    line(f"{label}, without a page", both[0][0])
    line(f"{label}, with --report", both[1][0])
    for name, at in [("wall", 0), ("processor", 1)]:
        more = statistics.median(both[1][at]) - statistics.median(both[0][at])
        print(f"{f'  more by the page, {name} time, medians':<58} {more:17.1f} ms", flush=True)


def shown(label, path, rounds):
    first, charts, steps, work, step_work = [], [], [], [], []
    for _ in range(rounds):
        browser = Browser()
        charts.append(browser.open(path))
        work.append(browser.processor())
        times = browser.value(ZOOMS)
        step_work.append((browser.processor() - work[-1]) / len(times))
        steps += times
        first.append(browser.first_paint())
        browser.end()
    print(f"{label + ', size':<58} {path.stat().st_size / 1e6:17.2f} MB")
    line(f"{label}, first paint", first)
    line(f"{label}, all charts drawn", charts)
    line(f"{label}, a zoom step to the end of its frame", steps)
    line("  processor time until all charts are drawn", work)
    line("  processor time a zoom step, mean of a page", step_work)


def minutes(path):
    """A million one-minute bars around 400 by steps of a cent."""
    draw, cents = random.Random(7), 40000
    with path.open("w") as out:
        out.write("timestamp,open,high,low,close,volume\n")
        for at in range(1_000_000):
            begin, cents = cents, max(1000, cents + draw.randrange(-10, 11))
            high, low = max(begin, cents) + draw.randrange(5), min(begin, cents) - draw.randrange(5)
            stamp = 1_499_999_940 + at * 60
            volume = 100 + draw.randrange(10000)
            out.write(f"{stamp},{begin / 100:.2f},{high / 100:.2f},{low / 100:.2f},{cents / 100:.2f},{volume}\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("release", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    release = args.release.resolve()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        program = [release / "algo-trader", "--home", folder, "--plugins", release]
        daily = [*program, "backtest", "-s", "SPY", "--strategy", "ma_cross", "--from", "2007-09-13"]
        subprocess.run(daily, check=True, capture_output=True)
        page = folder / "daily.html"
        compare("5 years of SPY, daily", args.rounds, daily, [*daily, "--report", page])
        shown("5 years of SPY, daily", page, max(3, args.rounds // 3))
        minutes(folder / "minutes.csv")
        read = ["ingest", "-s", "MINUTES", "-r", "1m", "--calendar", "24/7", "--from-csv", folder / "minutes.csv"]
        subprocess.run([*program, *read], check=True, capture_output=True)
        run = [*program, "backtest", "-s", "MINUTES", "-r", "1m", "--strategy", "ma_cross"]
        subprocess.run(run, check=True, capture_output=True)
        page = folder / "minutes.html"
        compare("1,000,000 one-minute bars", max(3, args.rounds // 3), run, [*run, "--report", page])
        shown("1,000,000 one-minute bars", page, max(3, args.rounds // 5))


if __name__ == "__main__":
    main()
