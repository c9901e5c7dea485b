"""The workbook: exercises that check themselves (`exercises/`), one at a time, never without a way on.

`contents` knows which exercises there are, `progress` what has been passed, `texts` what is said in which language.
A check is `check.py` of the exercise: `attempt` is what it is given, `check_process` runs it beside the learner's code,
`supervisor` watches over that process and turns whatever happens to it into a `verdict`.
"""
