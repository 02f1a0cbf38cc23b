"""The examples of RFC 5545, section 3.8.5.3, as data: the rule, and when it takes place.

``until`` is the first day that the RFC no longer lists, for rules without an end.
"""

from tests.producers.sources.recurrence_example import Example

_EVERY_20_MINUTES = tuple(f"{hour:02}:{minute:02}" for hour in range(9, 17) for minute in (0, 20, 40))
SEP_2 = "19970902T090000"

EXAMPLES = (
    Example(SEP_2, ("FREQ=DAILY;COUNT=10",), "1997 EDT Sep 2-11"),
    Example(
        SEP_2,
        ("FREQ=DAILY;UNTIL=19971224T000000Z",),
        "1997 EDT Sep 2-30; Oct 1-25 | 1997 EST Oct 26-31; Nov 1-30; Dec 1-23",
    ),
    Example(
        SEP_2,
        ("FREQ=DAILY;INTERVAL=2",),
        "1997 EDT Sep 2-30/2; Oct 2-24/2 | 1997 EST Oct 26-30/2; Nov 1-29/2; Dec 1-3/2",
        until="19971204",
    ),
    Example(SEP_2, ("FREQ=DAILY;INTERVAL=10;COUNT=5",), "1997 EDT Sep 2,12,22; Oct 2,12"),
    Example(
        "19980101T090000",
        (
            "FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
            "FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1",
        ),
        "1998 EST Jan 1-31 | 1999 EST Jan 1-31 | 2000 EST Jan 1-31",
    ),
    Example(SEP_2, ("FREQ=WEEKLY;COUNT=10",), "1997 EDT Sep 2-30/7; Oct 7,14,21 | 1997 EST Oct 28; Nov 4"),
    Example(
        SEP_2,
        ("FREQ=WEEKLY;UNTIL=19971224T000000Z",),
        "1997 EDT Sep 2-30/7; Oct 7,14,21 | 1997 EST Oct 28; Nov 4-25/7; Dec 2-23/7",
    ),
    Example(
        SEP_2,
        ("FREQ=WEEKLY;INTERVAL=2;WKST=SU",),
        "1997 EDT Sep 2,16,30; Oct 14 | 1997 EST Oct 28; Nov 11,25; Dec 9,23 | 1998 EST Jan 6,20; Feb 3,17",
        until="19980218",
    ),
    Example(
        SEP_2,
        ("FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH", "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH"),
        "1997 EDT Sep 2,4,9,11,16,18,23,25,30; Oct 2",
    ),
    Example(
        "19970901T090000",
        ("FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR",),
        "1997 EDT Sep 1,3,5,15,17,19,29; Oct 1,3,13,15,17 | 1997 EST Oct 27,29,31; Nov 10,12,14,24,26,28; "
        "Dec 8,10,12,22",
    ),
    Example(SEP_2, ("FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",), "1997 EDT Sep 2,4,16,18,30; Oct 2,14,16"),
    Example(
        "19970905T090000",
        ("FREQ=MONTHLY;COUNT=10;BYDAY=1FR",),
        "1997 EDT Sep 5; Oct 3 | 1997 EST Nov 7; Dec 5 | 1998 EST Jan 2; Feb 6; Mar 6; Apr 3 | 1998 EDT May 1; Jun 5",
    ),
    Example(
        "19970905T090000",
        ("FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR",),
        "1997 EDT Sep 5; Oct 3 | 1997 EST Nov 7; Dec 5",
    ),
    Example(
        "19970907T090000",
        ("FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",),
        "1997 EDT Sep 7,28 | 1997 EST Nov 2,30 | 1998 EST Jan 4,25; Mar 1,29 | 1998 EDT May 3,31",
    ),
    Example(
        "19970922T090000",
        ("FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",),
        "1997 EDT Sep 22; Oct 20 | 1997 EST Nov 17; Dec 22 | 1998 EST Jan 19; Feb 16",
    ),
    Example(
        "19970928T090000",
        ("FREQ=MONTHLY;BYMONTHDAY=-3",),
        "1997 EDT Sep 28 | 1997 EST Oct 29; Nov 28; Dec 29 | 1998 EST Jan 29; Feb 26",
        until="19980227",
    ),
    Example(
        SEP_2,
        ("FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",),
        "1997 EDT Sep 2,15; Oct 2,15 | 1997 EST Nov 2,15; Dec 2,15 | 1998 EST Jan 2,15",
    ),
    Example(
        "19970930T090000",
        ("FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",),
        "1997 EDT Sep 30; Oct 1 | 1997 EST Oct 31; Nov 1,30; Dec 1,31 | 1998 EST Jan 1,31; Feb 1",
    ),
    Example(
        "19970910T090000",
        ("FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",),
        "1997 EDT Sep 10-15 | 1999 EST Mar 10-13",
    ),
    Example(
        SEP_2,
        ("FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",),
        "1997 EDT Sep 2-30/7 | 1997 EST Nov 4-25/7 | 1998 EST Jan 6-27/7; Mar 3-31/7",
        until="19980401",
    ),
    Example(
        "19970610T090000",
        ("FREQ=YEARLY;COUNT=10;BYMONTH=6,7",),
        "1997 EDT Jun 10; Jul 10 | 1998 EDT Jun 10; Jul 10 | 1999 EDT Jun 10; Jul 10 | 2000 EDT Jun 10; Jul 10 | "
        "2001 EDT Jun 10; Jul 10",
    ),
    Example(
        "19970310T090000",
        ("FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",),
        "1997 EST Mar 10 | 1999 EST Jan 10; Feb 10; Mar 10 | 2001 EST Jan 10; Feb 10; Mar 10 | "
        "2003 EST Jan 10; Feb 10; Mar 10",
    ),
    Example(
        "19970101T090000",
        ("FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",),
        "1997 EST Jan 1 | 1997 EDT Apr 10; Jul 19 | 2000 EST Jan 1 | 2000 EDT Apr 9; Jul 18 | 2003 EST Jan 1 | "
        "2003 EDT Apr 10; Jul 19 | 2006 EST Jan 1",
    ),
    Example(
        "19970519T090000",
        ("FREQ=YEARLY;BYDAY=20MO",),
        "1997 EDT May 19 | 1998 EDT May 18 | 1999 EDT May 17",
        until="19990518",
    ),
    Example(
        "19970512T090000",
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",),
        "1997 EDT May 12 | 1998 EDT May 11 | 1999 EDT May 17",
        until="19990518",
    ),
    Example(
        "19970313T090000",
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=TH",),
        "1997 EST Mar 13,20,27 | 1998 EST Mar 5-26/7 | 1999 EST Mar 4-25/7",
        until="19990401",
    ),
    Example(
        "19970605T090000",
        ("FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",),
        "1997 EDT Jun 5-26/7; Jul 3-31/7; Aug 7-28/7 | 1998 EDT Jun 4-25/7; Jul 2-30/7; Aug 6-27/7 | "
        "1999 EDT Jun 3-24/7; Jul 1-29/7; Aug 5-26/7",
        until="19990901",
    ),
    Example(
        SEP_2,
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",),
        "1998 EST Feb 13; Mar 13; Nov 13 | 1999 EDT Aug 13 | 2000 EDT Oct 13",
        until="20001014",
        exdate=SEP_2,
    ),
    Example(
        "19970913T090000",
        ("FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",),
        "1997 EDT Sep 13; Oct 11 | 1997 EST Nov 8; Dec 13 | 1998 EST Jan 10; Feb 7; Mar 7 | "
        "1998 EDT Apr 11; May 9; Jun 13",
        until="19980614",
    ),
    Example(
        "19961105T090000",
        ("FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",),
        "1996 EST Nov 5 | 2000 EST Nov 7 | 2004 EST Nov 2",
        until="20041103",
    ),
    Example(
        "19970904T090000", ("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3",), "1997 EDT Sep 4; Oct 7 | 1997 EST Nov 6"
    ),
    Example(
        "19970929T090000",
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",),
        "1997 EDT Sep 29 | 1997 EST Oct 30; Nov 27; Dec 30 | 1998 EST Jan 29; Feb 26; Mar 30",
        until="19980331",
    ),
    # The RFC prints 170000Z, which is 13:00 there, and lists what 17:00 of New York gives; its errata say so.
    Example(
        SEP_2,
        ("FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z",),
        "1997 EDT Sep 2",
        times=("09:00", "12:00", "15:00"),
    ),
    Example(
        SEP_2,
        ("FREQ=MINUTELY;INTERVAL=15;COUNT=6",),
        "1997 EDT Sep 2",
        times=("09:00", "09:15", "09:30", "09:45", "10:00", "10:15"),
        until="19980101",
    ),
    Example(
        SEP_2,
        ("FREQ=MINUTELY;INTERVAL=90;COUNT=4",),
        "1997 EDT Sep 2",
        times=("09:00", "10:30", "12:00", "13:30"),
        until="19980101",
    ),
    Example(
        SEP_2,
        (
            "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40",
            "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16",
        ),
        "1997 EDT Sep 2-3",
        times=_EVERY_20_MINUTES,
        until="19970904",
    ),
    Example("19970805T090000", ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",), "1997 EDT Aug 5,10,19,24"),
    Example("19970805T090000", ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",), "1997 EDT Aug 5,17,19,31"),
    Example(
        "20070115T090000",
        ("FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",),
        "2007 EST Jan 15,30; Feb 15 | 2007 EDT Mar 15,30",
    ),
)
"""In the order of the RFC."""

RULES = [(example, rule) for example in EXAMPLES for rule in example.rules]
