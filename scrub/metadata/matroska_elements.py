"""The elements of Matroska: their numbers, names and forms (RFC 9559 section 5, RFC 8794)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from scrub.metadata.entry import STRUCTURE


class Kind(NamedTuple):
    """``form``: m for one that holds others, u number, f fraction, s text, d date, b bytes."""

    name: str
    form: str
    what: str


SEGMENT, CLUSTER = 0x18538067, 0x1F43B675

# Number, name and form; after them what it is to a person, if it is not structure.
_TABLE = """
1A45DFA3 EBML m
4286 EBMLVersion u
42F7 EBMLReadVersion u
42F2 EBMLMaxIDLength u
42F3 EBMLMaxSizeLength u
4282 DocType s
4287 DocTypeVersion u
4285 DocTypeReadVersion u
EC Void b free space
BF CRC-32 b
18538067 Segment m
114D9B74 SeekHead m
4DBB Seek m
53AB SeekID b
53AC SeekPosition u
1549A966 Info m
73A4 SegmentUUID b unique number
7384 SegmentFilename s file name
3CB923 PrevUUID b unique number
3C83AB PrevFilename s file name
3EB923 NextUUID b unique number
3E83BB NextFilename s file name
4444 SegmentFamily b unique number
2AD7B1 TimestampScale u
4489 Duration f
4461 DateUTC d time taken
7BA9 Title s title
4D80 MuxingApp s software
5741 WritingApp s software
1654AE6B Tracks m
AE TrackEntry m
D7 TrackNumber u
73C5 TrackUID u unique number of the track
83 TrackType u
B9 FlagEnabled u
88 FlagDefault u
55AA FlagForced u
9C FlagLacing u
23E383 DefaultDuration u
536E Name s title of the track
22B59C Language s language
22B59D LanguageBCP47 s language
86 CodecID s
63A2 CodecPrivate b
258688 CodecName s software
56AA CodecDelay u
56BB SeekPreRoll u
55EE MaxBlockAdditionID u
41E4 BlockAdditionMapping m
41F0 BlockAddIDValue u
41A4 BlockAddIDName s notes to the decoder
41E7 BlockAddIDType u
41ED BlockAddIDExtraData b notes to the decoder
E0 Video m
9A FlagInterlaced u
9D FieldOrder u
53B8 StereoMode u
53C0 AlphaMode u
B0 PixelWidth u
BA PixelHeight u
54AA PixelCropBottom u
54BB PixelCropTop u
54CC PixelCropLeft u
54DD PixelCropRight u
54B0 DisplayWidth u
54BA DisplayHeight u
54B2 DisplayUnit u
55B0 Colour m
55B1 MatrixCoefficients u
55B2 BitsPerChannel u
55B3 ChromaSubsamplingHorz u
55B4 ChromaSubsamplingVert u
55B7 ChromaSitingHorz u
55B8 ChromaSitingVert u
55B9 Range u
55BA TransferCharacteristics u
55BB Primaries u
55BC MaxCLL u
55BD MaxFALL u
55D0 MasteringMetadata m colours of the screen
7670 Projection m rotation
E1 Audio m
B5 SamplingFrequency f
78B5 OutputSamplingFrequency f
9F Channels u
6264 BitDepth u
6D80 ContentEncodings m
1F43B675 Cluster m
E7 Timestamp u
A7 Position u
AB PrevSize u
A3 SimpleBlock b
A0 BlockGroup m
A1 Block b
9B BlockDuration u
FB ReferenceBlock u
75A2 DiscardPadding u
75A1 BlockAdditions m notes to the decoder
A6 BlockMore m notes to the decoder
EE BlockAddID u notes to the decoder
A5 BlockAdditional b notes to the decoder
A4 CodecState b notes to the decoder
1C53BB6B Cues m
BB CuePoint m
B3 CueTime u
B7 CueTrackPositions m
F7 CueTrack u
F1 CueClusterPosition u
F0 CueRelativePosition u
B2 CueDuration u
5378 CueBlockNumber u
1254C367 Tags m
7373 Tag m
63C0 Targets m
68CA TargetTypeValue u
63CA TargetType s
63C5 TagTrackUID u unique number of the track
67C8 SimpleTag m description
45A3 TagName s
4487 TagString s
4485 TagBinary b
447A TagLanguage s
4484 TagDefault u
1941A469 Attachments m
61A7 AttachedFile m attached file
467E FileDescription s
466E FileName s
4660 FileMediaType s
465C FileData b
46AE FileUID u
1043A770 Chapters m
45B9 EditionEntry m
45BD EditionFlagHidden u
45DB EditionFlagDefault u
45DD EditionFlagOrdered u
B6 ChapterAtom m
98 ChapterFlagHidden u
4598 ChapterFlagEnabled u
80 ChapterDisplay m
73C4 ChapterUID u unique number of the chapter
5654 ChapterStringUID s unique number of the chapter
91 ChapterTimeStart u
92 ChapterTimeEnd u
85 ChapString s chapters
437C ChapLanguage s language
"""


def _kinds() -> dict[int, Kind]:
    found = {}
    for row in _TABLE.split("\n")[1:-1]:
        number, name, form, *what = row.split(" ")
        found[int(number, 16)] = Kind(name, form, " ".join(what) or STRUCTURE)
    return found


ELEMENTS: Mapping[int, Kind] = _kinds()

TOP = frozenset(
    {CLUSTER, SEGMENT, 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1C53BB6B, 0x1254C367, 0x1941A469}
    | {0x1043A770, 0x1A45DFA3}
)
"""What cannot be within a Cluster, and therefore ends an open one."""
