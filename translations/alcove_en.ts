<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>BinCard</name>
    <message numerus="yes">
        <source>gone in %n day(s)</source>
        <translation>
            <numerusform>gone in %n day</numerusform>
            <numerusform>gone in %n days</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>BinPage</name>
    <message numerus="yes">
        <source>Delete %n conversation(s) for good? Nobody can bring them back then.</source>
        <translation>
            <numerusform>Delete %n conversation for good? Nobody can bring it back then.</numerusform>
            <numerusform>Delete %n conversations for good? Nobody can bring them back then.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>What you delete stays here for %n day(s). Then it is gone for good.</source>
        <translation>
            <numerusform>What you delete stays here for %n day. Then it is gone for good.</numerusform>
            <numerusform>What you delete stays here for %n days. Then it is gone for good.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ChatRows</name>
    <message numerus="yes">
        <source>%n conversation(s)</source>
        <translation>
            <numerusform>%n conversation</numerusform>
            <numerusform>%n conversations</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Durations</name>
    <message numerus="yes">
        <source>about %n second(s)</source>
        <translation>
            <numerusform>about %n second</numerusform>
            <numerusform>about %n seconds</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>about %n minute(s)</source>
        <translation>
            <numerusform>about %n minute</numerusform>
            <numerusform>about %n minutes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n second(s) so far</source>
        <translation>
            <numerusform>%n second so far</numerusform>
            <numerusform>%n seconds so far</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Thought for %n second(s)</source>
        <translation>
            <numerusform>Thought for %n second</numerusform>
            <numerusform>Thought for %n seconds</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Thought for %n minute(s)</source>
        <translation>
            <numerusform>Thought for %n minute</numerusform>
            <numerusform>Thought for %n minutes</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>EarlierPage</name>
    <message numerus="yes">
        <source>%n found</source>
        <translation>
            <numerusform>%n found</numerusform>
            <numerusform>%n found</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Finder</name>
    <message numerus="yes">
        <source>%n result(s)</source>
        <translation>
            <numerusform>%n result</numerusform>
            <numerusform>%n results</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>KeepingSentences</name>
    <message numerus="yes">
        <source>%n conversation(s) saved in {place}</source>
        <translation>
            <numerusform>%n conversation saved in {place}</numerusform>
            <numerusform>%n conversations saved in {place}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n conversation(s) brought in.</source>
        <translation>
            <numerusform>%n conversation brought in.</numerusform>
            <numerusform>%n conversations brought in.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n was/were here already.</source>
        <translation>
            <numerusform>%n was here already.</numerusform>
            <numerusform>%n were here already.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n file(s) could not be read to the end.</source>
        <translation>
            <numerusform>%n file could not be read to the end.</numerusform>
            <numerusform>%n files could not be read to the end.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n conversation(s) could be saved.</source>
        <translation>
            <numerusform>%n conversation could be saved.</numerusform>
            <numerusform>%n conversations could be saved.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n message(s) could not be read.</source>
        <translation>
            <numerusform>%n message could not be read.</numerusform>
            <numerusform>%n messages could not be read.</numerusform>
        </translation>
    </message>
</context>
</TS>
