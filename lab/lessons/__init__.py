"""What `lab send` and `lab show` do for each lesson, one module per lesson, imported when it is asked for.

A lesson's module has two functions (contract.Lesson): `sender` makes up what the lesson's text sends and sends it
where the text sends it; `outcome` reads what came out. What holds for all lessons stays in the verbs: options,
progress, failures, what is still to be processed.
"""
