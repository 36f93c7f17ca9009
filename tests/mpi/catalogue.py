"""The whole catalogue (eveil config full and models): one total on 1 to 4 ranks, with both schedules, and after all ranks were killed in
the middle and the run went on with another number of them."""
import os
import re

from harness import Running, check, clear, configure, done, eveil, note, records, resumed, said, scratch, simulate, store_of, total

CHANNELS = '"Fp1", "Fp2", "F3", "F4", "C3", "C4", "P3", "P4"'  # all costs of pairs at a sixth of 19 channels'


LIGHTER = {"stuart_landau": "draws = 64; stored_draws = 10; effective = 20.0; r_hat_most = 1.2;",  # seconds a channel by default
           "jansen_rit": "draws = 64; stored_draws = 10; effective = 20.0; r_hat_most = 1.5; evaluations = 10000;",
           "robinson": "draws = 64; stored_draws = 10; effective = 20.0; r_hat_most = 1.5; evaluations = 10000;",
           "jansen_rit_filter": "noise_ratio = (10.0); pilot_s = 1.0;",
           "gradient_matching": "dimension = 1; coordinate = (1); knot_s = 0.024;"}


def lighter(analysis):
    """With parameters that the dear ones of its models take less time with."""
    groups = "".join(f" {name}: {{ {keys} }};" for name, keys in LIGHTER.items() if f'"{name}"' in analysis)
    return analysis[:analysis.rindex("}")] + groups + " }"


def everything():
    """The analyses of both configurations, on few channels."""
    parts = [eveil("config", words).out for words in ("full", "models")]
    text = ",".join(text[text.index("analyses: (") + len("analyses: ("):text.rindex(");")] for text in parts)
    text = ",".join(lighter(analysis) for analysis in re.split(r"(?<=\n  \}),", text))
    return text.replace("{ name =", f'{{ conditioning: {{ montage = [{CHANNELS}]; artefacts = "none"; }}; name =')


def main():
    with scratch() as folder:
        root = simulate(folder, "subjects = 2; sites = 1; duration_s = 130.0; fs_hz = (128.0);")
        config, totals = os.path.join(folder, "run.cfg"), {}
        out = os.path.join(folder, "out")
        for ranks, schedule in ((1, "dynamic"), (2, "static"), (3, "dynamic"), (4, "static")):
            clear(out)
            configure(config, root, analyses=everything(), conditioning="", run=f'task_s = 60.0; schedule = "{schedule}";')
            ended = eveil("run", config, ranks=ranks)
            value = total(store_of(config)) if ended.code == 0 else f"exit {ended.code}: {said(ended.err)}"
            totals.setdefault(value, []).append(f"np {ranks} {schedule} ({ended.seconds:.1f} s)")
        clear(out)
        configure(config, root, analyses=everything(), conditioning="", run="task_s = 60.0; flush_s = 0.0;")
        run = Running("run", config, ranks=2)
        killed = run.wait_for(lambda: len(records(config)) >= 2)
        run.kill_all()
        check(killed, "killed_in_the_middle", "the run ended before")
        ended = eveil("run", config, ranks=3)
        check(resumed(ended.err)[0] >= 2, "goes_on", said(ended.err) or ended.err[-400:])
        totals.setdefault(total(store_of(config)), []).append("killed on 2 ranks, finished on 3")
        good = len(totals) == 1 and re.fullmatch("[0-9a-f]{64}", next(iter(totals))) is not None
        check(good, "the_whole_catalogue_one_total", "; ".join(f"{value[:200]}: {', '.join(keys)}" for value, keys in totals.items()))
        note("; ".join(f"{value[:16]}: {', '.join(keys)}" for value, keys in totals.items()))
    done()


main()
