"""The local cloud: AWS's services (MiniStack) in one process on the loopback interface, behind a door of ours.

What a lesson is about, streams, event source mappings and execution environments, is ours; everything else passes
through to MiniStack. `server` puts it together; `emulator` is the only module that touches MiniStack's insides.
"""
