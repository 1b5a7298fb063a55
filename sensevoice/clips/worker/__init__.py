"""The confined process that reads recordings and writes clips; its parent is `sensevoice.clips.encoder`.

main.py takes the orders and sets limits, sound.py and picture.py read a recording on the record's clock,
output.py encodes, copying.py passes packets on as they are.
"""
