<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>AnswerSection</name>
    <message>
        <source>Answers</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>In which language the assistant answers:</source>
        <translation>助手用哪种语言回答：</translation>
    </message>
    <message>
        <source>The language of the question</source>
        <translation>与问题相同的语言</translation>
    </message>
    <message>
        <source>Language of the answers</source>
        <translation>回答的语言</translation>
    </message>
    <message>
        <source>Underline what the assistant was not sure about</source>
        <translation>在助手不确定的内容下面画线</translation>
    </message>
</context>
<context>
    <name>AppearanceSection</name>
    <message>
        <source>Colours</source>
        <translation>颜色</translation>
    </message>
    <message>
        <source>As on this computer</source>
        <translation>与这台电脑一致</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>High contrast</source>
        <translation>高对比度</translation>
    </message>
</context>
<context>
    <name>AssistantButton</name>
    <message>
        <source>Assistant: {name}</source>
        <translation>助手：{name}</translation>
    </message>
    <message>
        <source>Choose who answers in this conversation</source>
        <translation>选择由谁来回答这次对话</translation>
    </message>
    <message>
        <source>All assistants…</source>
        <translation>所有助手…</translation>
    </message>
</context>
<context>
    <name>AssistantCard</name>
    <message>
        <source>Begin</source>
        <translation>开始</translation>
    </message>
    <message>
        <source>Begin a conversation with “{name}”</source>
        <translation>与“{name}”开始对话</translation>
    </message>
    <message>
        <source>Change</source>
        <translation>修改</translation>
    </message>
    <message>
        <source>Change “{name}”</source>
        <translation>修改“{name}”</translation>
    </message>
    <message>
        <source>Delete “{name}”</source>
        <translation>删除“{name}”</translation>
    </message>
    <message>
        <source>Without instructions</source>
        <translation>没有说明</translation>
    </message>
</context>
<context>
    <name>AssistantEditorPage</name>
    <message>
        <source>My assistant</source>
        <translation>我的助手</translation>
    </message>
    <message>
        <source>Save this assistant as a file</source>
        <translation>把这个助手保存为文件</translation>
    </message>
    <message>
        <source>Assistants</source>
        <translation>助手</translation>
    </message>
    <message>
        <source>Back to the assistants</source>
        <translation>返回助手列表</translation>
    </message>
    <message>
        <source>New assistant</source>
        <translation>新建助手</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>Discard the changes</source>
        <translation>放弃修改</translation>
    </message>
    <message>
        <source>Back to the original</source>
        <translation>恢复原样</translation>
    </message>
    <message>
        <source>Save as a file…</source>
        <translation>保存为文件…</translation>
    </message>
</context>
<context>
    <name>AssistantRow</name>
    <message>
        <source>Who should answer?</source>
        <translation>由谁来回答？</translation>
    </message>
    <message>
        <source>All assistants</source>
        <translation>所有助手</translation>
    </message>
</context>
<context>
    <name>AssistantWords</name>
    <message>
        <source>Write a letter</source>
        <translation>写信</translation>
    </message>
    <message>
        <source>You help to write letters. Write the whole letter, politely and in clear sentences, ready to be sent. Today is {date}. Where something is not known, leave a gap such as [name].</source>
        <translation>您帮助别人写信。请写出完整的信，语气礼貌，句子清楚，可以直接寄出。今天是{date}。不知道的内容请留空，例如[姓名]。</translation>
    </message>
    <message>
        <source>A whole letter, ready to be sent</source>
        <translation>一封完整的信，可以直接寄出</translation>
    </message>
    <message>
        <source>Explain this</source>
        <translation>解释一下</translation>
    </message>
    <message>
        <source>You explain things to somebody who meets them for the first time. Use everyday words and short sentences, and give one example.</source>
        <translation>您向第一次接触某件事的人解释它。请用日常的词语和短句，并举一个例子。</translation>
    </message>
    <message>
        <source>In everyday words, with an example</source>
        <translation>用日常的话，并举一个例子</translation>
    </message>
    <message>
        <source>Translate</source>
        <translation>翻译</translation>
    </message>
    <message>
        <source>You are a translator. Translate what you are given into {language}, or into the language that is asked for. Write only the translation.</source>
        <translation>您是翻译。请把收到的内容译成{language}，或译成要求的语言。只写译文。</translation>
    </message>
    <message>
        <source>Into your language, or another one</source>
        <translation>译成您的语言或其他语言</translation>
    </message>
    <message>
        <source>Ask anything</source>
        <translation>随便问</translation>
    </message>
    <message>
        <source>For everything else</source>
        <translation>其他一切问题</translation>
    </message>
</context>
<context>
    <name>AssistantsPage</name>
    <message>
        <source>Add an assistant from a file</source>
        <translation>从文件添加助手</translation>
    </message>
    <message>
        <source>Assistants</source>
        <translation>助手</translation>
    </message>
    <message>
        <source>Back to the conversation</source>
        <translation>返回对话</translation>
    </message>
    <message>
        <source>An assistant is told beforehand what it is there for. Choose one, or make your own; your conversations remember who answers in them.</source>
        <translation>每个助手都事先知道自己的用途。您可以选择一个，也可以自己制作；对话会记住由谁来回答。</translation>
    </message>
    <message>
        <source>New assistant</source>
        <translation>新建助手</translation>
    </message>
    <message>
        <source>Add from a file…</source>
        <translation>从文件添加…</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>“{name}” was deleted.</source>
        <translation>“{name}”已删除。</translation>
    </message>
</context>
<context>
    <name>BinCard</name>
    <message>
        <source>Conversation without a name</source>
        <translation>未命名的对话</translation>
    </message>
    <message>
        <source>Delete it for good? Nobody can bring it back then.</source>
        <translation>要彻底删除吗？删除后谁也无法找回。</translation>
    </message>
    <message>
        <source>Restore</source>
        <translation>恢复</translation>
    </message>
    <message>
        <source>Restore: {name}</source>
        <translation>恢复：{name}</translation>
    </message>
    <message>
        <source>Delete for good</source>
        <translation>彻底删除</translation>
    </message>
    <message>
        <source>Delete for good: {name}</source>
        <translation>彻底删除：{name}</translation>
    </message>
    <message>
        <source>Keep it</source>
        <translation>保留</translation>
    </message>
    <message>
        <source>Keep it: {name}</source>
        <translation>保留：{name}</translation>
    </message>
    <message>
        <source>Yes, delete it</source>
        <translation>是的，删除</translation>
    </message>
    <message>
        <source>Yes, delete it: {name}</source>
        <translation>是的，删除：{name}</translation>
    </message>
    <message>
        <source>Deleted: {when}</source>
        <translation>删除时间：{when}</translation>
    </message>
    <message>
        <source>{deleted} · gone today</source>
        <translation>{deleted} · 今天将彻底消失</translation>
    </message>
    <message numerus="yes">
        <source>gone in %n day(s)</source>
        <translation>
            <numerusform>%n 天后彻底消失</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>BinPage</name>
    <message>
        <source>Back to the conversation</source>
        <translation>回到对话</translation>
    </message>
    <message>
        <source>Bin</source>
        <translation>回收站</translation>
    </message>
    <message>
        <source>Empty the bin</source>
        <translation>清空回收站</translation>
    </message>
    <message>
        <source>Keep them</source>
        <translation>保留</translation>
    </message>
    <message>
        <source>Yes, delete everything</source>
        <translation>是的，全部删除</translation>
    </message>
    <message>
        <source>Show more</source>
        <translation>显示更多</translation>
    </message>
    <message numerus="yes">
        <source>Delete %n conversation(s) for good? Nobody can bring them back then.</source>
        <translation>
            <numerusform>要彻底删除 %n 个对话吗？删除后谁也无法找回。</numerusform>
        </translation>
    </message>
    <message>
        <source>The bin is empty. What you delete stays here for a while.</source>
        <translation>回收站是空的。您删除的内容会在这里保留一段时间。</translation>
    </message>
    <message numerus="yes">
        <source>What you delete stays here for %n day(s). Then it is gone for good.</source>
        <translation>
            <numerusform>您删除的内容会在这里保留 %n 天，之后会彻底消失。</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ChatList</name>
    <message>
        <source>Your conversations</source>
        <translation>您的对话</translation>
    </message>
</context>
<context>
    <name>ChatMenu</name>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>No longer at the top</source>
        <translation>不再固定在顶部</translation>
    </message>
    <message>
        <source>Keep at the top</source>
        <translation>固定在顶部</translation>
    </message>
    <message>
        <source>Print…</source>
        <translation>打印…</translation>
    </message>
    <message>
        <source>Save as Word…</source>
        <translation>存为 Word…</translation>
    </message>
    <message>
        <source>Save as PDF…</source>
        <translation>存为 PDF…</translation>
    </message>
    <message>
        <source>Save as a file…</source>
        <translation>存为文件…</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Move to a folder</source>
        <translation>移到文件夹</translation>
    </message>
    <message>
        <source>New folder…</source>
        <translation>新建文件夹…</translation>
    </message>
    <message>
        <source>Take out of the folder</source>
        <translation>移出文件夹</translation>
    </message>
</context>
<context>
    <name>ChatRows</name>
    <message>
        <source>Name of the folder</source>
        <translation>文件夹名称</translation>
    </message>
    <message>
        <source>New conversation</source>
        <translation>新对话</translation>
    </message>
    <message>
        <source>Pinned</source>
        <translation>已固定</translation>
    </message>
    <message>
        <source>Today</source>
        <translation>今天</translation>
    </message>
    <message>
        <source>This week</source>
        <translation>本周</translation>
    </message>
    <message>
        <source>Earlier</source>
        <translation>更早</translation>
    </message>
    <message>
        <source>This conversation is open.</source>
        <translation>这个对话正开着。</translation>
    </message>
    <message>
        <source>Pinned at the top.</source>
        <translation>固定在顶部。</translation>
    </message>
    <message>
        <source>More: {name}</source>
        <translation>更多：{name}</translation>
    </message>
    <message numerus="yes">
        <source>%n conversation(s)</source>
        <translation>
            <numerusform>%n 个对话</numerusform>
        </translation>
    </message>
    <message>
        <source>Folder, closed.</source>
        <translation>文件夹，已收起。</translation>
    </message>
    <message>
        <source>Folder, open.</source>
        <translation>文件夹，已展开。</translation>
    </message>
    <message>
        <source>Name of the conversation</source>
        <translation>对话名称</translation>
    </message>
    <message>
        <source>Call it “{name}”</source>
        <translation>命名为“{name}”</translation>
    </message>
</context>
<context>
    <name>CheckLines</name>
    <message>
        <source>{sentence} Underlined: {words}</source>
        <translation>{sentence}带下划线的是：{words}</translation>
    </message>
</context>
<context>
    <name>CheckWords</name>
    <message>
        <source>The assistant was not sure about this. Please check it.</source>
        <translation>助手对此并不确定，请您核对。</translation>
    </message>
    <message>
        <source>This may be wrong; check what matters. The assistant was not sure about what is underlined.</source>
        <translation>这个回答可能有误，重要的内容请您核对。带下划线的内容，助手并不确定。</translation>
    </message>
    <message>
        <source>The assistant was not sure about what is underlined. Please check it.</source>
        <translation>带下划线的内容，助手并不确定，请您核对。</translation>
    </message>
    <message>
        <source>This is about money. Please check it with your bank or with somebody you trust before you decide.</source>
        <translation>这件事与钱有关。做决定之前，请向您的银行或您信任的人核实。</translation>
    </message>
    <message>
        <source>This is about health. Please ask a doctor or a pharmacist before you rely on it.</source>
        <translation>这件事与健康有关。在采用之前，请先询问医生或药师。</translation>
    </message>
    <message>
        <source>This is about the law. Please ask a lawyer or an advice centre before you rely on it.</source>
        <translation>这件事与法律有关。在采用之前，请先咨询律师或法律援助机构。</translation>
    </message>
</context>
<context>
    <name>CodeBar</name>
    <message>
        <source>Code</source>
        <translation>代码</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copies this piece of code</source>
        <translation>复制这段代码</translation>
    </message>
</context>
<context>
    <name>Composer</name>
    <message>
        <source>Write your question here…</source>
        <translation>在这里写下您的问题……</translation>
    </message>
    <message>
        <source>Your question…</source>
        <translation>您的问题……</translation>
    </message>
    <message>
        <source>Your question</source>
        <translation>您的问题</translation>
    </message>
    <message>
        <source>Enter sends it, Shift and Enter begin a new line.</source>
        <translation>按回车键发送，按 Shift 加回车键换行。</translation>
    </message>
    <message>
        <source>Ctrl and Enter send it, Enter begins a new line.</source>
        <translation>按 Ctrl 和回车键发送，按回车键换行。</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>End this answer (Esc)</source>
        <translation>停止这次回答（Esc）</translation>
    </message>
    <message>
        <source>Send</source>
        <translation>发送</translation>
    </message>
    <message>
        <source>Send the question (Enter)</source>
        <translation>发送问题（回车键）</translation>
    </message>
</context>
<context>
    <name>Conversation</name>
    <message>
        <source>To the newest</source>
        <translation>回到最新</translation>
    </message>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
</context>
<context>
    <name>Dates</name>
    <message>
        <source>Today, {time}</source>
        <translation>今天 {time}</translation>
    </message>
    <message>
        <source>Yesterday</source>
        <translation>昨天</translation>
    </message>
    <message>
        <source>d MMMM</source>
        <translation>M月d日</translation>
    </message>
    <message>
        <source>d MMMM yyyy</source>
        <translation>yyyy年M月d日</translation>
    </message>
</context>
<context>
    <name>Durations</name>
    <message numerus="yes">
        <source>about %n second(s)</source>
        <translation>
            <numerusform>大约 %n 秒</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>about %n minute(s)</source>
        <translation>
            <numerusform>大约 %n 分钟</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n second(s) so far</source>
        <translation>
            <numerusform>已经 %n 秒</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Thought for %n second(s)</source>
        <translation>
            <numerusform>思考了 %n 秒</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Thought for %n minute(s)</source>
        <translation>
            <numerusform>思考了 %n 分钟</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>EarlierPage</name>
    <message numerus="yes">
        <source>%n found</source>
        <translation>
            <numerusform>找到 %n 个</numerusform>
        </translation>
    </message>
    <message>
        <source>These words are in none of your conversations.</source>
        <translation>您的对话中没有这些词。</translation>
    </message>
    <message>
        <source>There are no earlier conversations yet.</source>
        <translation>还没有以前的对话。</translation>
    </message>
    <message>
        <source>New conversation</source>
        <translation>新对话</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Delete: {title}</source>
        <translation>删除：{title}</translation>
    </message>
    <message>
        <source>{title} · {when}</source>
        <translation>{title} · {when}</translation>
    </message>
    <message>
        <source>Pinned · {when}</source>
        <translation>已固定 · {when}</translation>
    </message>
    <message>
        <source>Back to the conversation</source>
        <translation>返回对话</translation>
    </message>
    <message>
        <source>Earlier conversations</source>
        <translation>以前的对话</translation>
    </message>
    <message>
        <source>Show more</source>
        <translation>显示更多</translation>
    </message>
</context>
<context>
    <name>EmptyPage</name>
    <message>
        <source>What can I help you with?</source>
        <translation>有什么可以帮您？</translation>
    </message>
    <message>
        <source>Ask in your own words. Your questions and the answers stay on this computer. A small assistant makes mistakes: please check what matters.</source>
        <translation>请用您自己的话提问。您的问题和回答都只留在这台电脑上。小助手有时会出错，重要的内容请您核对。</translation>
    </message>
    <message>
        <source>For example:</source>
        <translation>例如：</translation>
    </message>
    <message>
        <source>What should I pack for a weekend by the sea?</source>
        <translation>去海边过周末该带些什么？</translation>
    </message>
    <message>
        <source>What is the capital of France?</source>
        <translation>法国的首都是哪里？</translation>
    </message>
    <message>
        <source>Explain in simple words why the sky is blue.</source>
        <translation>用简单的话解释天空为什么是蓝色的。</translation>
    </message>
</context>
<context>
    <name>ErrorBar</name>
    <message>
        <source>Close this message</source>
        <translation>关闭这条消息</translation>
    </message>
    <message>
        <source>Repair</source>
        <translation>修复</translation>
    </message>
</context>
<context>
    <name>Errors</name>
    <message>
        <source>Something went wrong that should not have. Your conversations are safe. Please try once more.</source>
        <translation>出了意外的问题。您的对话都安全。请您再试一次。</translation>
    </message>
    <message>
        <source>That is not the right one. Please check it and try again.</source>
        <translation>输入的不对。请您核对后再试。</translation>
    </message>
    <message>
        <source>There is a typing mistake in this code. Please compare it with your paper.</source>
        <translation>恢复码有输入错误。请您与纸上的对照一下。</translation>
    </message>
    <message>
        <source>This conversation has become too long for the free memory. Please start a new one, or close other programs.</source>
        <translation>这段对话太长，可用内存不够了。请您开始新的对话，或关闭其他程序。</translation>
    </message>
    <message>
        <source>Conversations this long do not fit into the free memory. Please choose shorter ones, or close other programs.</source>
        <translation>可用内存容不下这么长的对话。请您选择较短的对话，或关闭其他程序。</translation>
    </message>
    <message>
        <source>There is not enough free memory for this assistant: {size} more would be needed. Please close other programs, or choose a smaller assistant.</source>
        <translation>可用内存不够运行这个助手，还差 {size}。请您关闭其他程序，或选择较小的助手。</translation>
    </message>
    <message>
        <source>Your conversations could not be read or saved. Please close Alcove and open it again.</source>
        <translation>无法读取或保存您的对话。请您关闭 Alcove，再重新打开。</translation>
    </message>
    <message>
        <source>There is no room left on the disk, so this could not be saved. What was saved before is safe. Please delete something you no longer need, then try again.</source>
        <translation>磁盘已满，这次没能保存。之前保存的内容都安全。请您删除一些不再需要的文件，然后再试。</translation>
    </message>
    <message>
        <source>Alcove is not allowed to write in its folder, so nothing can be saved. Please ask the person who looks after this computer.</source>
        <translation>Alcove 不能写入自己的文件夹，因此无法保存。请您联系管理这台电脑的人。</translation>
    </message>
    <message>
        <source>Another program is using your conversations. Please close it, then try again.</source>
        <translation>另一个程序正在使用您的对话。请您关闭它，然后再试。</translation>
    </message>
    <message>
        <source>The file with your conversations is damaged. It was left as it is. “Keep and repair” in the settings brings back what can be read.</source>
        <translation>保存您对话的文件已损坏，现已原样保留。请在设置的“备份与修复”中找回还能读取的内容。</translation>
    </message>
    <message>
        <source>Your conversations were saved by a newer Alcove. Please install the newer version to read them. Nothing was changed.</source>
        <translation>您的对话是用更新版本的 Alcove 保存的。请您安装新版本来阅读。没有改动任何内容。</translation>
    </message>
    <message>
        <source>The key to your conversations could not be found. Your recovery code opens them.</source>
        <translation>找不到打开您对话的钥匙。您的恢复码可以打开它们。</translation>
    </message>
    <message>
        <source>The password store of this computer does not answer. Your passphrase or your recovery code opens your conversations.</source>
        <translation>这台电脑的密码库没有响应。您的口令或恢复码可以打开您的对话。</translation>
    </message>
    <message>
        <source>One of the settings could not be read, so the usual one is used instead.</source>
        <translation>有一项设置无法读取，已改用通常的设置。</translation>
    </message>
    <message>
        <source>The download did not work. What has arrived is kept. Please try again later.</source>
        <translation>下载没有成功。已收到的部分会保留。请您稍后再试。</translation>
    </message>
    <message>
        <source>Alcove does not go to the internet unless you ask it to, so nothing was downloaded.</source>
        <translation>没有您的要求，Alcove 不会上网，因此没有下载任何内容。</translation>
    </message>
    <message>
        <source>The internet cannot be reached just now. Please check the connection, then try again. What has arrived is kept.</source>
        <translation>现在连不上互联网。请您检查网络连接，然后再试。已收到的部分会保留。</translation>
    </message>
    <message>
        <source>What was downloaded is not what was expected, so it was thrown away. Please try again.</source>
        <translation>下载到的内容与预期不符，已被丢弃。请您再试一次。</translation>
    </message>
    <message>
        <source>Your office has set this, so it cannot be changed here.</source>
        <translation>这一项由您的单位设定，不能在这里更改。</translation>
    </message>
    <message>
        <source>This could not be opened. Nothing was changed.</source>
        <translation>无法打开。没有任何更改。</translation>
    </message>
    <message>
        <source>No conversations were found in there. Alcove can read what ChatGPT, GPT4All, Jan and Alcove itself have saved.</source>
        <translation>里面没有找到对话。Alcove 可以读取 ChatGPT、GPT4All、Jan 以及 Alcove 自己保存的内容。</translation>
    </message>
    <message>
        <source>This file is damaged or incomplete. What came before the damage was brought in; nothing else was changed.</source>
        <translation>这个文件已损坏或不完整。损坏处之前的内容已经导入，其他内容没有更改。</translation>
    </message>
    <message>
        <source>This file is far too large to be conversations, so it was not opened.</source>
        <translation>这个文件太大，不可能是对话，因此没有打开。</translation>
    </message>
    <message>
        <source>The file could not be saved there. Please choose another place.</source>
        <translation>文件无法保存到那里，请您换一个位置。</translation>
    </message>
    <message>
        <source>There is no room left there for the file. Please delete something, or choose another place.</source>
        <translation>那里的空间不够存放这个文件。请您删除一些东西，或换一个位置。</translation>
    </message>
    <message>
        <source>Alcove is not allowed to save files there. Please choose another folder, such as your documents.</source>
        <translation>Alcove 不能在那里保存文件。请您选择别的文件夹，例如“文档”。</translation>
    </message>
    <message>
        <source>A file of this name is open in another program. Please close it there, or choose another name.</source>
        <translation>同名文件正在另一个程序中打开。请您先在那里关闭它，或换一个名称。</translation>
    </message>
    <message>
        <source>The printer did not take the pages. Please check that it is switched on.</source>
        <translation>打印机没有接收页面，请您检查它是否已开机。</translation>
    </message>
    <message>
        <source>This computer has no voice yet that works without the internet, so nothing can be read aloud.</source>
        <translation>这台电脑上还没有不联网就能用的语音，所以无法朗读。</translation>
    </message>
    <message>
        <source>The voices of this computer would send the text over the internet, so nothing is read aloud.</source>
        <translation>这台电脑上的语音会把文字发送到网上，所以不进行朗读。</translation>
    </message>
    <message>
        <source>This computer has no voice for the language of this text.</source>
        <translation>这台电脑上没有适合这段文字语言的语音。</translation>
    </message>
    <message>
        <source>Alcove is already open. Please look for its window.</source>
        <translation>Alcove 已经打开了。请您找一下它的窗口。</translation>
    </message>
    <message>
        <source>This file is not an assistant that Alcove can read. Nothing was changed. Please choose another file, or ask for it once more.</source>
        <translation>Alcove 无法把这个文件作为助手读取。没有任何改动。请选择其他文件，或重新索取一份。</translation>
    </message>
    <message>
        <source>There is no assistant on this computer yet. Please download one first.</source>
        <translation>这台电脑上还没有助手。请您先下载一个。</translation>
    </message>
    <message>
        <source>The assistant could not be used. Please download it again.</source>
        <translation>助手无法使用。请您重新下载。</translation>
    </message>
    <message>
        <source>The assistant is no longer where it was. Please download it again.</source>
        <translation>助手已不在原来的位置。请您重新下载。</translation>
    </message>
    <message>
        <source>The assistant&apos;s files are damaged or incomplete. Please download it again.</source>
        <translation>助手的文件已损坏或不完整。请您重新下载。</translation>
    </message>
    <message>
        <source>This file is not an assistant that can be trusted, so it was not opened.</source>
        <translation>这个文件不是可以信任的助手，因此没有打开。</translation>
    </message>
    <message>
        <source>This assistant is stored in files that can also hold programs, which would run as soon as the files are opened. They were not opened. Please choose another download of it.</source>
        <translation>这个助手保存在一种可能夹带程序的文件里，文件一打开，程序就会运行，因此没有打开。请选择这个助手的其他下载版本。</translation>
    </message>
    <message>
        <source>This kind of assistant does not work with this version of Alcove.</source>
        <translation>这种助手不能在当前版本的 Alcove 中使用。</translation>
    </message>
    <message>
        <source>This computer does not have enough room for that. Please try again later.</source>
        <translation>这台电脑没有足够的空间。请您稍后再试。</translation>
    </message>
    <message>
        <source>There is not enough free memory for the assistant. Please close other programs, then try again.</source>
        <translation>可用内存不够，助手无法工作。请您关闭其他程序，然后再试。</translation>
    </message>
    <message>
        <source>This is longer than the assistant can read at once. Please ask about a shorter part, or start a new conversation.</source>
        <translation>内容太长，助手一次读不完。请您就其中较短的一部分提问，或开始新的对话。</translation>
    </message>
    <message>
        <source>There is no room left on the disk. Please delete something you no longer need, then try again.</source>
        <translation>磁盘已满。请您删除一些不再需要的文件，然后再试。</translation>
    </message>
    <message>
        <source>The part of this computer that was chosen for answering cannot be used. Please choose “automatic” in its place.</source>
        <translation>选定用来回答的电脑部件无法使用。请您改选“自动”。</translation>
    </message>
    <message>
        <source>The processor of this computer is too old for the assistant: it was made before about 2013, or is a very small one. Everything else in Alcove works; for answers, please use a newer computer.</source>
        <translation>这台电脑的处理器对助手来说太旧了：它大约是 2013 年以前的，或者是很小的型号。Alcove 的其他功能都能用；要得到回答，请您换一台较新的电脑。</translation>
    </message>
    <message>
        <source>The assistant could not work on this question. Please put it differently.</source>
        <translation>助手无法处理这个问题。请您换一种说法。</translation>
    </message>
    <message>
        <source>This assistant does not know how to read a conversation. Please use another assistant.</source>
        <translation>这个助手不会读对话。请您换用另一个助手。</translation>
    </message>
    <message>
        <source>The assistant stopped unexpectedly. Your conversation is safe; please try again.</source>
        <translation>助手意外停止了。您的对话安全，请您再试一次。</translation>
    </message>
    <message>
        <source>The assistant stopped unexpectedly and has been started again. Your conversation is safe; please ask once more.</source>
        <translation>助手意外停止，现已重新启动。您的对话安全，请您再问一次。</translation>
    </message>
    <message>
        <source>The assistant no longer answered and has been started again. Your conversation is safe; please ask once more.</source>
        <translation>助手没有响应，现已重新启动。您的对话安全，请您再问一次。</translation>
    </message>
    <message>
        <source>The assistant said something that Alcove did not understand. Please close Alcove and open it again.</source>
        <translation>助手说了 Alcove 听不懂的内容。请您关闭 Alcove，再重新打开。</translation>
    </message>
</context>
<context>
    <name>Export</name>
    <message>
        <source>You</source>
        <translation>您</translation>
    </message>
    <message>
        <source>Assistant</source>
        <translation>助手</translation>
    </message>
    <message>
        <source>Conversation without a name</source>
        <translation>未命名的对话</translation>
    </message>
</context>
<context>
    <name>ExportDialog</name>
    <message>
        <source>Save the conversation</source>
        <translation>保存对话</translation>
    </message>
    <message>
        <source>To read and to edit (*.md)</source>
        <translation>便于阅读和修改 (*.md)</translation>
    </message>
    <message>
        <source>Plain text (*.txt)</source>
        <translation>纯文本 (*.txt)</translation>
    </message>
    <message>
        <source>Everything, to bring in again (*.json)</source>
        <translation>全部内容，便于再次导入 (*.json)</translation>
    </message>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
</context>
<context>
    <name>Finder</name>
    <message>
        <source>Nothing was found for “{words}”. Try fewer words, or another one.</source>
        <translation>没有找到“{words}”。请减少几个词，或换一个词试试。</translation>
    </message>
    <message>
        <source>Many were found. One more word finds fewer.</source>
        <translation>找到的很多。再加一个词，范围会更小。</translation>
    </message>
    <message numerus="yes">
        <source>%n result(s)</source>
        <translation>
            <numerusform>%n 个结果</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>FolderMenu</name>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>New folder…</source>
        <translation>新建文件夹…</translation>
    </message>
    <message>
        <source>Delete the folder, keep its conversations</source>
        <translation>删除文件夹，保留其中的对话</translation>
    </message>
</context>
<context>
    <name>FolderSection</name>
    <message>
        <source>Where your conversations are</source>
        <translation>您的对话在哪里</translation>
    </message>
    <message>
        <source>They are in this folder, locked, and nowhere else.</source>
        <translation>它们加密保存在这个文件夹里，别处没有。</translation>
    </message>
    <message>
        <source>Folder of your conversations</source>
        <translation>您的对话所在的文件夹</translation>
    </message>
    <message>
        <source>Open the folder</source>
        <translation>打开文件夹</translation>
    </message>
</context>
<context>
    <name>Header</name>
    <message>
        <source>Your conversations</source>
        <translation>您的对话</translation>
    </message>
    <message>
        <source>Stays on this computer</source>
        <translation>内容只保存在这台电脑上</translation>
    </message>
    <message>
        <source>What you write and what is answered never leave this computer.</source>
        <translation>您写的内容和得到的回答绝不会离开这台电脑。</translation>
    </message>
</context>
<context>
    <name>HelpPage</name>
    <message>
        <source>Back to the conversation</source>
        <translation>返回对话</translation>
    </message>
    <message>
        <source>Help</source>
        <translation>帮助</translation>
    </message>
    <message>
        <source>Ask as you would ask a person</source>
        <translation>像问人一样提问</translation>
    </message>
    <message>
        <source>Write what you want to know or to have written, then press Send. You can ask again, shorter or otherwise: the assistant remembers this conversation.</source>
        <translation>写下您想知道的事，或想让助手写的内容，然后按“发送”。您可以再问一次，要求更短或换个说法：助手记得这次对话。</translation>
    </message>
    <message>
        <source>Please check what matters</source>
        <translation>重要的内容请核对</translation>
    </message>
    <message>
        <source>The assistant can be wrong and does not know today’s news. What it was not sure about is underlined with dots.</source>
        <translation>助手可能出错，也不知道今天的新闻。它不确定的内容下面有点线。</translation>
    </message>
    <message>
        <source>Nothing is lost, nothing leaves</source>
        <translation>不会丢失，也不会外传</translation>
    </message>
    <message>
        <source>Every conversation is kept, locked, on this computer and nowhere else. What you delete stays in the bin for 30 days.</source>
        <translation>每次对话都加密保存在这台电脑上，别处没有。您删除的内容会在回收站里保留 30 天。</translation>
    </message>
    <message>
        <source>With the keyboard</source>
        <translation>用键盘</translation>
    </message>
    <message>
        <source>Send the question</source>
        <translation>发送问题</translation>
    </message>
    <message>
        <source>Begin a new line</source>
        <translation>换行</translation>
    </message>
    <message>
        <source>New conversation</source>
        <translation>新对话</translation>
    </message>
    <message>
        <source>Look for an earlier conversation</source>
        <translation>查找以前的对话</translation>
    </message>
    <message>
        <source>Stop; go back</source>
        <translation>停止；返回</translation>
    </message>
    <message>
        <source>Read the answer aloud</source>
        <translation>朗读回答</translation>
    </message>
    <message>
        <source>Print</source>
        <translation>打印</translation>
    </message>
    <message>
        <source>Larger text</source>
        <translation>放大文字</translation>
    </message>
    <message>
        <source>Smaller text</source>
        <translation>缩小文字</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>This page</source>
        <translation>本页</translation>
    </message>
</context>
<context>
    <name>InstructionSection</name>
    <message>
        <source>Instructions</source>
        <translation>说明</translation>
    </message>
    <message>
        <source>What the assistant is told before each conversation. It may be left empty.</source>
        <translation>每次对话之前告诉助手的话。可以留空。</translation>
    </message>
    <message>
        <source>For example: You know gardens in the mountains. Answer in two sentences.</source>
        <translation>例如：您熟悉山区的花园。请用两句话回答。</translation>
    </message>
    <message>
        <source>Filled in each time:</source>
        <translation>每次自动填入：</translation>
    </message>
    <message>
        <source>Today’s date</source>
        <translation>今天的日期</translation>
    </message>
    <message>
        <source>Writes {date}, which becomes the date of the day</source>
        <translation>写入 {date}，使用时变成当天的日期</translation>
    </message>
    <message>
        <source>My language</source>
        <translation>我的语言</translation>
    </message>
    <message>
        <source>Writes {language}, which becomes the language of the window</source>
        <translation>写入 {language}，使用时变成窗口的语言</translation>
    </message>
</context>
<context>
    <name>KeepingSection</name>
    <message>
        <source>Where should the copy be kept?</source>
        <translation>副本要保存在哪里？</translation>
    </message>
    <message>
        <source>Conversations to bring in</source>
        <translation>要导入的对话</translation>
    </message>
    <message>
        <source>Folder with the conversations to bring in</source>
        <translation>要导入的对话所在的文件夹</translation>
    </message>
    <message>
        <source>My conversations</source>
        <translation>我的对话</translation>
    </message>
    <message>
        <source>To read and to edit (*.md)</source>
        <translation>用于阅读和编辑 (*.md)</translation>
    </message>
    <message>
        <source>Plain text (*.txt)</source>
        <translation>纯文本 (*.txt)</translation>
    </message>
    <message>
        <source>Everything, to bring in again (*.json)</source>
        <translation>全部内容，可再次导入 (*.json)</translation>
    </message>
    <message>
        <source>Save all conversations</source>
        <translation>保存所有对话</translation>
    </message>
    <message>
        <source>Keep and repair</source>
        <translation>备份与修复</translation>
    </message>
    <message>
        <source>Back up…</source>
        <translation>备份…</translation>
    </message>
    <message>
        <source>A locked copy of everything, on a USB stick or another disk.</source>
        <translation>把全部内容加密复制到 U 盘或另一个磁盘。</translation>
    </message>
    <message>
        <source>Bring in conversations…</source>
        <translation>导入对话…</translation>
    </message>
    <message>
        <source>Save to a file…</source>
        <translation>保存到文件…</translation>
    </message>
    <message>
        <source>Bin</source>
        <translation>回收站</translation>
    </message>
    <message>
        <source>What you have deleted, to have it back or to delete it for good.</source>
        <translation>您已删除的内容，可以恢复，也可以彻底删除。</translation>
    </message>
    <message>
        <source>Repair my conversations</source>
        <translation>修复我的对话</translation>
    </message>
    <message>
        <source>Conversations from ChatGPT, GPT4All, Jan or another Alcove.</source>
        <translation>来自 ChatGPT、GPT4All、Jan 或另一个 Alcove 的对话。</translation>
    </message>
    <message>
        <source>Conversations (*.zip *.json *.jsonl *.chat *.db);;All files (*)</source>
        <translation>对话 (*.zip *.json *.jsonl *.chat *.db);;所有文件 (*)</translation>
    </message>
    <message>
        <source>All conversations in one file that other programs can read. It is not locked.</source>
        <translation>把所有对话存成其他程序能读的一个文件。这个文件没有加密。</translation>
    </message>
    <message>
        <source>Looks whether your conversations are in order, and repairs them.</source>
        <translation>检查您的对话是否完好，并进行修复。</translation>
    </message>
    <message>
        <source>Bring in a folder…</source>
        <translation>导入一个文件夹…</translation>
    </message>
    <message>
        <source>For programs that keep each conversation in a folder, as Jan does.</source>
        <translation>适用于像 Jan 那样把每段对话放在单独文件夹里的程序。</translation>
    </message>
    <message>
        <source>This copy is locked with another key. Please type the recovery code or the passphrase that belongs to it:</source>
        <translation>这份副本用另一把钥匙锁着。请输入与它对应的恢复码或口令：</translation>
    </message>
    <message>
        <source>Recovery code or passphrase of the copy</source>
        <translation>这份副本的恢复码或口令</translation>
    </message>
    <message>
        <source>Open the copy</source>
        <translation>打开副本</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
</context>
<context>
    <name>KeepingSentences</name>
    <message>
        <source>Copying your conversations…</source>
        <translation>正在复制您的对话…</translation>
    </message>
    <message>
        <source>Bringing the conversations in…</source>
        <translation>正在导入对话…</translation>
    </message>
    <message>
        <source>Writing your conversations…</source>
        <translation>正在写入您的对话…</translation>
    </message>
    <message>
        <source>Looking through your conversations…</source>
        <translation>正在检查您的对话…</translation>
    </message>
    <message>
        <source>Stopped. What had been brought in by then stays.</source>
        <translation>已停止。此前已导入的对话会保留。</translation>
    </message>
    <message>
        <source>Stopped. Nothing was changed.</source>
        <translation>已停止，没有任何改动。</translation>
    </message>
    <message>
        <source>Done. The copy is in {place}</source>
        <translation>完成。副本在 {place}</translation>
    </message>
    <message numerus="yes">
        <source>%n conversation(s) saved in {place}</source>
        <translation>
            <numerusform>已将 %n 个对话保存到 {place}</numerusform>
        </translation>
    </message>
    <message>
        <source>All of these conversations were here already.</source>
        <translation>这些对话都已经在这里了。</translation>
    </message>
    <message numerus="yes">
        <source>%n conversation(s) brought in.</source>
        <translation>
            <numerusform>已导入 %n 个对话。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n was/were here already.</source>
        <translation>
            <numerusform>另有 %n 个已经在这里。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n file(s) could not be read to the end.</source>
        <translation>
            <numerusform>有 %n 个文件未能完整读取。</numerusform>
        </translation>
    </message>
    <message>
        <source>Everything is in order. There was nothing to repair.</source>
        <translation>一切正常，无需修复。</translation>
    </message>
    <message>
        <source>Something was damaged and is repaired. Nothing was lost.</source>
        <translation>有损坏的地方，已经修复，没有丢失内容。</translation>
    </message>
    <message>
        <source>Your conversations could not be read any more, and there was no copy of them. The damaged file is kept.</source>
        <translation>您的对话已无法读取，也没有备份。损坏的文件已保留。</translation>
    </message>
    <message numerus="yes">
        <source>%n conversation(s) could be saved.</source>
        <translation>
            <numerusform>保住了 %n 个对话。</numerusform>
        </translation>
    </message>
    <message>
        <source>They come from the newest copy.</source>
        <translation>它们来自最近的备份。</translation>
    </message>
    <message numerus="yes">
        <source>%n message(s) could not be read.</source>
        <translation>
            <numerusform>有 %n 条消息无法读取。</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>LanguageHint</name>
    <message>
        <source>This small assistant speaks English well and little else. Its answer may be wrong.</source>
        <translation>这个小助手擅长英语，其他语言懂得很少。它的回答可能不对。</translation>
    </message>
</context>
<context>
    <name>LanguageSection</name>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>As on this computer</source>
        <translation>与这台电脑一致</translation>
    </message>
</context>
<context>
    <name>LiveRegion</name>
    <message>
        <source>End of the answer.</source>
        <translation>回答完毕。</translation>
    </message>
    <message>
        <source>The answer was stopped.</source>
        <translation>回答已停止。</translation>
    </message>
    <message>
        <source>The answer was interrupted.</source>
        <translation>回答被中断。</translation>
    </message>
    <message>
        <source>The assistant is answering.</source>
        <translation>助手正在回答。</translation>
    </message>
    <message>
        <source>The assistant is waking up.</source>
        <translation>助手正在启动。</translation>
    </message>
    <message>
        <source>The assistant is reading your question.</source>
        <translation>助手正在阅读您的问题。</translation>
    </message>
    <message>
        <source>The assistant is thinking.</source>
        <translation>助手正在思考。</translation>
    </message>
</context>
<context>
    <name>MannerSection</name>
    <message>
        <source>How it should sound</source>
        <translation>说话的语气</translation>
    </message>
    <message>
        <source>As it comes</source>
        <translation>自然</translation>
    </message>
    <message>
        <source>Plain</source>
        <translation>浅显</translation>
    </message>
    <message>
        <source>Warm</source>
        <translation>亲切</translation>
    </message>
    <message>
        <source>Formal</source>
        <translation>正式</translation>
    </message>
    <message>
        <source>Brief</source>
        <translation>简短</translation>
    </message>
</context>
<context>
    <name>ModelMissingPage</name>
    <message>
        <source>One thing is missing: the assistant</source>
        <translation>还缺一样东西：助手</translation>
    </message>
    <message>
        <source>A small assistant for everyday questions in English. It is downloaded once and then works without the internet.</source>
        <translation>一个用英语回答日常问题的小助手。只需下载一次，以后不用上网也能工作。</translation>
    </message>
    <message>
        <source>Download ({size} MB)</source>
        <translation>下载（{size} MB）</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Nothing is downloaded before you choose. What you write is never sent.</source>
        <translation>在您选择之前不会下载任何东西。您写的内容绝不会被发送出去。</translation>
    </message>
    <message>
        <source>Downloading…</source>
        <translation>正在下载……</translation>
    </message>
    <message>
        <source>Unpacking…</source>
        <translation>正在解开……</translation>
    </message>
    <message>
        <source>Preparing the assistant for this computer…</source>
        <translation>正在为这台电脑准备助手……</translation>
    </message>
    <message>
        <source>{what} {time} left</source>
        <translation>{what}还需{time}</translation>
    </message>
</context>
<context>
    <name>ModelSection</name>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>The one for everything</source>
        <translation>通用的模型</translation>
    </message>
</context>
<context>
    <name>MotionSection</name>
    <message>
        <source>Movement</source>
        <translation>动态效果</translation>
    </message>
    <message>
        <source>Keep everything still: nothing blinks and nothing glides</source>
        <translation>保持静止：不闪烁，也不滑动</translation>
    </message>
</context>
<context>
    <name>NameSection</name>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Name of the assistant</source>
        <translation>助手的名称</translation>
    </message>
    <message>
        <source>For example: Garden</source>
        <translation>例如：花园</translation>
    </message>
</context>
<context>
    <name>NextTurn</name>
    <message>
        <source>Another conversation is being answered. This comes next.</source>
        <translation>正在回答另一个对话，接下来就轮到这里。</translation>
    </message>
</context>
<context>
    <name>NoteBar</name>
    <message>
        <source>Close this message</source>
        <translation>关闭这条消息</translation>
    </message>
    <message>
        <source>This conversation has become long: the assistant no longer sees its beginning. A new conversation starts afresh.</source>
        <translation>这次对话已经很长，助手看不到开头了。开始新对话就可以重新来过。</translation>
    </message>
</context>
<context>
    <name>Pages</name>
    <message>
        <source>Page {number} of {count}</source>
        <translation>第 {number} 页，共 {count} 页</translation>
    </message>
</context>
<context>
    <name>PaperBar</name>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Close this message</source>
        <translation>关闭这条消息</translation>
    </message>
</context>
<context>
    <name>PaperDesk</name>
    <message>
        <source>Stopped. Nothing was saved.</source>
        <translation>已停止，没有保存任何文件。</translation>
    </message>
    <message>
        <source>The pages are on their way to the printer…</source>
        <translation>正在把页面发送到打印机……</translation>
    </message>
    <message>
        <source>The pages were given to the printer.</source>
        <translation>页面已发送到打印机。</translation>
    </message>
    <message>
        <source>PDF document</source>
        <translation>PDF 文档</translation>
    </message>
    <message>
        <source>Word document</source>
        <translation>Word 文档</translation>
    </message>
    <message>
        <source>Save as PDF</source>
        <translation>存为 PDF</translation>
    </message>
    <message>
        <source>Save as Word</source>
        <translation>存为 Word</translation>
    </message>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>“{name}” is being written…</source>
        <translation>正在写入“{name}”……</translation>
    </message>
    <message>
        <source>“{name}” was saved in the folder “{folder}”.</source>
        <translation>“{name}”已保存到文件夹“{folder}”。</translation>
    </message>
</context>
<context>
    <name>PassphrasePage</name>
    <message>
        <source>Please take at least eight characters. A short sentence is good.</source>
        <translation>请您至少用八个字符。一个短句就很好。</translation>
    </message>
    <message>
        <source>The two are not the same. Please type them again.</source>
        <translation>两次输入不一样。请您重新输入。</translation>
    </message>
    <message>
        <source>Show what I type</source>
        <translation>显示我输入的内容</translation>
    </message>
    <message>
        <source>Recovery code</source>
        <translation>恢复码</translation>
    </message>
    <message>
        <source>Passphrase</source>
        <translation>口令</translation>
    </message>
    <message>
        <source>The same once more</source>
        <translation>再输入一次</translation>
    </message>
    <message>
        <source>Keep my conversations</source>
        <translation>保存我的对话</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Use the passphrase</source>
        <translation>使用口令</translation>
    </message>
    <message>
        <source>Use the recovery code</source>
        <translation>使用恢复码</translation>
    </message>
    <message>
        <source>Go on without keeping anything</source>
        <translation>不保存，直接继续</translation>
    </message>
    <message>
        <source>Choose a passphrase</source>
        <translation>请设一个口令</translation>
    </message>
    <message>
        <source>Welcome back</source>
        <translation>欢迎回来</translation>
    </message>
    <message>
        <source>Type your recovery code</source>
        <translation>请输入您的恢复码</translation>
    </message>
    <message>
        <source>Your conversations are locked away on this computer so that nobody else can read them. Choose a sentence that only you know; you will be asked for it each time.</source>
        <translation>您的对话会锁在这台电脑上，别人无法阅读。请选一句只有您知道的话，每次打开时都会请您输入。</translation>
    </message>
    <message>
        <source>Please type your passphrase to open your conversations.</source>
        <translation>请输入您的口令来打开您的对话。</translation>
    </message>
    <message>
        <source>It is on the paper you printed or in the file you saved. Capital or small letters make no difference.</source>
        <translation>它在您打印的纸上，或您保存的文件里。大小写都可以。</translation>
    </message>
</context>
<context>
    <name>PictureSection</name>
    <message>
        <source>Picture</source>
        <translation>图片</translation>
    </message>
    <message>
        <source>Choose a picture…</source>
        <translation>选择图片…</translation>
    </message>
    <message>
        <source>Remove the picture</source>
        <translation>移除图片</translation>
    </message>
    <message>
        <source>This file is not a picture that can be shown.</source>
        <translation>这个文件不是可以显示的图片。</translation>
    </message>
    <message>
        <source>Drag the picture, or move it with the arrow keys, until you like it.</source>
        <translation>拖动图片，或用方向键移动它，直到您满意为止。</translation>
    </message>
    <message>
        <source>Part of the picture that is shown</source>
        <translation>显示的图片部分</translation>
    </message>
    <message>
        <source>Size of the picture</source>
        <translation>图片大小</translation>
    </message>
    <message>
        <source>Choose a picture</source>
        <translation>选择图片</translation>
    </message>
    <message>
        <source>Pictures</source>
        <translation>图片</translation>
    </message>
</context>
<context>
    <name>PreviewPage</name>
    <message>
        <source>Preparing the pages…</source>
        <translation>正在准备页面……</translation>
    </message>
    <message>
        <source>One page</source>
        <translation>共 1 页</translation>
    </message>
    <message>
        <source>Page {number} of {count}</source>
        <translation>第 {number} 页，共 {count} 页</translation>
    </message>
    <message>
        <source>Back to the conversation</source>
        <translation>返回对话</translation>
    </message>
    <message>
        <source>Previous page</source>
        <translation>上一页</translation>
    </message>
    <message>
        <source>Next page</source>
        <translation>下一页</translation>
    </message>
    <message>
        <source>Whole page</source>
        <translation>整页</translation>
    </message>
    <message>
        <source>Larger</source>
        <translation>放大</translation>
    </message>
    <message>
        <source>Print</source>
        <translation>打印</translation>
    </message>
    <message>
        <source>Save as PDF</source>
        <translation>存为 PDF</translation>
    </message>
    <message>
        <source>There is no printer on this computer. You can save the pages as a PDF and print them somewhere else.</source>
        <translation>这台电脑上没有打印机。您可以把这些页面存为 PDF，到别处打印。</translation>
    </message>
</context>
<context>
    <name>QuestionEditor</name>
    <message>
        <source>Your question</source>
        <translation>您的问题</translation>
    </message>
    <message>
        <source>Enter asks it, Escape leaves everything as it was.</source>
        <translation>按回车键提问，按 Esc 键保持原样。</translation>
    </message>
    <message>
        <source>An answer is being written. When it has ended, you can ask this.</source>
        <translation>助手正在写回答。写完之后，您就可以提这个问题。</translation>
    </message>
    <message>
        <source>The question as it was, and its answer, are kept.</source>
        <translation>原来的问题和回答都会保留。</translation>
    </message>
    <message>
        <source>Ask this instead</source>
        <translation>改问这个问题</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>QuestionWidget</name>
    <message>
        <source>Copy the whole question</source>
        <translation>复制整个问题</translation>
    </message>
    <message>
        <source>Quote in your question</source>
        <translation>在您的问题中引用</translation>
    </message>
    <message>
        <source>Change this question</source>
        <translation>修改这个问题</translation>
    </message>
    <message>
        <source>Your question</source>
        <translation>您的问题</translation>
    </message>
    <message>
        <source>Show all of it</source>
        <translation>显示全部</translation>
    </message>
    <message>
        <source>Change</source>
        <translation>修改</translation>
    </message>
</context>
<context>
    <name>ReadingView</name>
    <message>
        <source>Open this address?</source>
        <translation>打开这个网址吗？</translation>
    </message>
    <message>
        <source>This opens your web browser, which leaves this computer:</source>
        <translation>这会打开您的浏览器并连接互联网：</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Copy the address</source>
        <translation>复制网址</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Copy what is selected</source>
        <translation>复制选中的内容</translation>
    </message>
    <message>
        <source>Select all</source>
        <translation>全选</translation>
    </message>
</context>
<context>
    <name>RecoveryPage</name>
    <message>
        <source>Alcove recovery code</source>
        <translation>Alcove 恢复码</translation>
    </message>
    <message>
        <source>With this code your conversations can be opened when this computer no longer lets you in. Keep it where you keep important papers. Whoever has it and your computer can read your conversations.</source>
        <translation>当这台电脑不再让您进入时，用这个恢复码可以打开您的对话。请把它和重要文件放在一起。任何同时拥有它和您电脑的人都能阅读您的对话。</translation>
    </message>
    <message>
        <source>Sent to the printer.</source>
        <translation>已送到打印机。</translation>
    </message>
    <message>
        <source>Save the recovery code</source>
        <translation>保存恢复码</translation>
    </message>
    <message>
        <source>It could not be saved there. Please choose another place.</source>
        <translation>无法保存到那里。请您换一个位置。</translation>
    </message>
    <message>
        <source>Saved.</source>
        <translation>已保存。</translation>
    </message>
    <message>
        <source>Copied.</source>
        <translation>已复制。</translation>
    </message>
    <message>
        <source>Your recovery code</source>
        <translation>您的恢复码</translation>
    </message>
    <message>
        <source>Should this computer one day no longer let you in, this code opens your conversations. Please print it and keep it with your important papers.</source>
        <translation>如果有一天这台电脑不再让您进入，这个恢复码可以打开您的对话。请您打印出来，和重要文件放在一起。</translation>
    </message>
    <message>
        <source>Recovery code</source>
        <translation>恢复码</translation>
    </message>
    <message>
        <source>Print</source>
        <translation>打印</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>完成</translation>
    </message>
</context>
<context>
    <name>RecoverySection</name>
    <message>
        <source>Recovery code</source>
        <translation>恢复码</translation>
    </message>
    <message>
        <source>Opens your conversations should this computer no longer let you in.</source>
        <translation>如果这台电脑不再让您进入，可以用它打开您的对话。</translation>
    </message>
    <message>
        <source>Show the recovery code</source>
        <translation>显示恢复码</translation>
    </message>
</context>
<context>
    <name>ReplyActions</name>
    <message>
        <source>Copy the whole answer</source>
        <translation>复制整个回答</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Stop reading</source>
        <translation>停止朗读</translation>
    </message>
    <message>
        <source>Read aloud</source>
        <translation>朗读</translation>
    </message>
    <message>
        <source>Save as Word</source>
        <translation>存为 Word</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>再试一次</translation>
    </message>
    <message>
        <source>Save as PDF</source>
        <translation>存为 PDF</translation>
    </message>
    <message>
        <source>Print</source>
        <translation>打印</translation>
    </message>
    <message>
        <source>Quote in your question</source>
        <translation>在您的问题中引用</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
</context>
<context>
    <name>ReplyWidget</name>
    <message>
        <source>This answer was interrupted. What had arrived is kept.</source>
        <translation>这次回答中断了。已收到的部分已保留。</translation>
    </message>
    <message>
        <source>You stopped this answer.</source>
        <translation>您停止了这次回答。</translation>
    </message>
    <message>
        <source>The answer became too long and ends here.</source>
        <translation>回答太长，到此为止。</translation>
    </message>
    <message>
        <source>The answer kept repeating itself, so it ends here.</source>
        <translation>回答一直在重复同样的内容，到此为止。</translation>
    </message>
    <message>
        <source>The assistant had nothing to say to this. You can try again.</source>
        <translation>助手没有给出回答。您可以再试一次。</translation>
    </message>
    <message>
        <source>Show more of it</source>
        <translation>显示更多内容</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
</context>
<context>
    <name>ResultList</name>
    <message>
        <source>What was found</source>
        <translation>搜索结果</translation>
    </message>
</context>
<context>
    <name>ResultRows</name>
    <message>
        <source>In the titles</source>
        <translation>标题中</translation>
    </message>
    <message>
        <source>More: {name}</source>
        <translation>更多：{name}</translation>
    </message>
    <message>
        <source>New conversation</source>
        <translation>新对话</translation>
    </message>
    <message>
        <source>You · {when}</source>
        <translation>您 · {when}</translation>
    </message>
    <message>
        <source>Assistant · {when}</source>
        <translation>助手 · {when}</translation>
    </message>
</context>
<context>
    <name>SavedChatsSection</name>
    <message>
        <source>Going on with long conversations</source>
        <translation>继续很长的对话</translation>
    </message>
    <message>
        <source>So that the assistant need not read a long conversation again from its beginning, Alcove keeps on the disk what it has read. It may use this much room:</source>
        <translation>为了让助手不必从头重读很长的对话，Alcove 会把读过的内容保存在磁盘上。最多可以占用：</translation>
    </message>
    <message>
        <source>{size} GB</source>
        <translation>{size} GB</translation>
    </message>
    <message>
        <source>None, I can wait</source>
        <translation>不占用，我可以等</translation>
    </message>
    <message>
        <source>Room on the disk</source>
        <translation>磁盘空间</translation>
    </message>
</context>
<context>
    <name>SearchField</name>
    <message>
        <source>Search your conversations</source>
        <translation>搜索您的对话</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Clear the search</source>
        <translation>清除搜索</translation>
    </message>
</context>
<context>
    <name>Section</name>
    <message>
        <source>Your office has decided this.</source>
        <translation>这是由您的单位决定的。</translation>
    </message>
</context>
<context>
    <name>SettingsPage</name>
    <message>
        <source>Back to the conversation</source>
        <translation>返回对话</translation>
    </message>
    <message>
        <source>Help</source>
        <translation>帮助</translation>
    </message>
    <message>
        <source>Hints, and the keys (F1)</source>
        <translation>提示和按键（F1）</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>More settings</source>
        <translation>更多设置</translation>
    </message>
</context>
<context>
    <name>Sidebar</name>
    <message>
        <source>New conversation</source>
        <translation>新对话</translation>
    </message>
    <message>
        <source>Start afresh ({keys})</source>
        <translation>重新开始（{keys}）</translation>
    </message>
    <message>
        <source>Bin</source>
        <translation>回收站</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Simple view</source>
        <translation>简单视图</translation>
    </message>
</context>
<context>
    <name>SimpleActions</name>
    <message>
        <source>New conversation</source>
        <translation>新对话</translation>
    </message>
    <message>
        <source>New</source>
        <translation>新对话</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Read aloud</source>
        <translation>朗读</translation>
    </message>
    <message>
        <source>Read</source>
        <translation>朗读</translation>
    </message>
    <message>
        <source>Stop reading</source>
        <translation>停止朗读</translation>
    </message>
    <message>
        <source>Quiet</source>
        <translation>停读</translation>
    </message>
    <message>
        <source>Print</source>
        <translation>打印</translation>
    </message>
</context>
<context>
    <name>SimpleHeader</name>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
    <message>
        <source>Stays on this computer</source>
        <translation>内容只保存在这台电脑上</translation>
    </message>
    <message>
        <source>What you write and what is answered never leave this computer.</source>
        <translation>您写的内容和得到的回答绝不会离开这台电脑。</translation>
    </message>
    <message>
        <source>Earlier conversations</source>
        <translation>以前的对话</translation>
    </message>
    <message>
        <source>Earlier</source>
        <translation>以前的</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Full view</source>
        <translation>完整视图</translation>
    </message>
</context>
<context>
    <name>TemporaryBar</name>
    <message>
        <source>This conversation is not being kept. It is gone when you close Alcove.</source>
        <translation>这次对话不会被保存。关闭 Alcove 后就会消失。</translation>
    </message>
</context>
<context>
    <name>Terminal</name>
    <message>
        <source>Alcove answers on this computer. Nothing you write leaves it.
Type a question and press Enter. Ctrl-C stops an answer, Ctrl-D ends.</source>
        <translation>Alcove 在这台电脑上回答。您写的内容不会离开它。
输入问题后按回车键。Ctrl-C 停止回答，Ctrl-D 结束。</translation>
    </message>
    <message>
        <source>You: </source>
        <translation>您：</translation>
    </message>
    <message>
        <source>Goodbye.</source>
        <translation>再见。</translation>
    </message>
    <message>
        <source>Press Ctrl-D to end.</source>
        <translation>按 Ctrl-D 结束。</translation>
    </message>
    <message>
        <source>This conversation is not kept: it is gone when you end.</source>
        <translation>这次对话不会被保存，结束后就会消失。</translation>
    </message>
    <message>
        <source>One moment, the assistant is waking up…</source>
        <translation>请稍等，助手正在醒来……</translation>
    </message>
    <message>
        <source>The assistant is reading…</source>
        <translation>助手正在阅读……</translation>
    </message>
    <message>
        <source>The assistant is thinking…</source>
        <translation>助手正在思考……</translation>
    </message>
    <message>
        <source>The assistant is thinking… Press Ctrl-C for the answer now.</source>
        <translation>助手正在思考……按 Ctrl-C 可立即得到回答。</translation>
    </message>
    <message>
        <source>(stopped here)</source>
        <translation>（在此停止）</translation>
    </message>
    <message>
        <source>(this answer broke off)</source>
        <translation>（这次回答中断了）</translation>
    </message>
    <message>
        <source>This conversation has become long. The assistant no longer sees its beginning.</source>
        <translation>这次对话已经很长。助手看不到开头了。</translation>
    </message>
    <message>
        <source>Alcove is open already.</source>
        <translation>Alcove 已经打开了。</translation>
    </message>
    <message>
        <source>There is no assistant on this computer yet. Open the window to get one.</source>
        <translation>这台电脑上还没有助手。请打开窗口来获取。</translation>
    </message>
    <message>
        <source>To keep your conversations, choose a passphrase. It locks them on this computer.
Leave it empty to keep nothing this time.</source>
        <translation>要保存对话，请您设一个口令。它会把对话锁在这台电脑上。
留空则这次不保存。</translation>
    </message>
    <message>
        <source>New passphrase: </source>
        <translation>新口令：</translation>
    </message>
    <message>
        <source>The same again: </source>
        <translation>再输入一次：</translation>
    </message>
    <message>
        <source>These were not the same. Please try again.</source>
        <translation>两次输入不一样。请您再试一次。</translation>
    </message>
    <message>
        <source>Your conversations are locked. Leave the line empty to go on without them.</source>
        <translation>您的对话已锁上。留空即可不打开它们而继续。</translation>
    </message>
    <message>
        <source>Passphrase: </source>
        <translation>口令：</translation>
    </message>
    <message>
        <source>Recovery code: </source>
        <translation>恢复码：</translation>
    </message>
    <message>
        <source>Your recovery code: {code}
Write it down and keep it safe. It opens your conversations if all else fails.</source>
        <translation>您的恢复码：{code}
请您抄下并妥善保存。其他办法都不行时，它可以打开您的对话。</translation>
    </message>
    <message>
        <source>Question: {question}</source>
        <translation>问题：{question}</translation>
    </message>
    <message>
        <source>Stopped.</source>
        <translation>已停止。</translation>
    </message>
</context>
<context>
    <name>TextSizeSection</name>
    <message>
        <source>Size of the text</source>
        <translation>文字大小</translation>
    </message>
    <message>
        <source>Smaller text</source>
        <translation>缩小文字</translation>
    </message>
    <message>
        <source>Larger text</source>
        <translation>放大文字</translation>
    </message>
    <message>
        <source>The lamp in the alcove is lit, and there is tea.</source>
        <translation>小阁里的灯亮着，茶也泡好了。</translation>
    </message>
    <message>
        <source>{points} points</source>
        <translation>{points} 磅</translation>
    </message>
</context>
<context>
    <name>ThinkingFold</name>
    <message>
        <source>Shows or hides what the assistant thought before it answered</source>
        <translation>显示或隐藏助手回答之前的思考</translation>
    </message>
    <message>
        <source>Answer now</source>
        <translation>现在就回答</translation>
    </message>
    <message>
        <source>Stop thinking and answer with what is known so far</source>
        <translation>停止思考，用目前已知的内容回答</translation>
    </message>
    <message>
        <source>What the assistant thought</source>
        <translation>助手的思考</translation>
    </message>
    <message>
        <source>Thinking…</source>
        <translation>正在思考……</translation>
    </message>
    <message>
        <source>Thinking… {time}</source>
        <translation>正在思考……{time}</translation>
    </message>
    <message>
        <source>What it thought first</source>
        <translation>它先想了什么</translation>
    </message>
</context>
<context>
    <name>UndoBar</name>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>The folder “{name}” was deleted. Its conversations are kept.</source>
        <translation>文件夹“{name}”已删除。其中的对话都还在。</translation>
    </message>
    <message>
        <source>“{title}” was deleted.</source>
        <translation>已删除“{title}”。</translation>
    </message>
    <message>
        <source>The conversation was deleted.</source>
        <translation>对话已删除。</translation>
    </message>
</context>
<context>
    <name>VersionPager</name>
    <message>
        <source>{number} of {count}</source>
        <translation>第 {number} 个，共 {count} 个</translation>
    </message>
    <message>
        <source>Version {place}</source>
        <translation>版本：{place}</translation>
    </message>
    <message>
        <source>Earlier version</source>
        <translation>上一个版本</translation>
    </message>
    <message>
        <source>Later version</source>
        <translation>下一个版本</translation>
    </message>
</context>
<context>
    <name>ViewSection</name>
    <message>
        <source>View</source>
        <translation>视图</translation>
    </message>
    <message>
        <source>Simple has one conversation and four large buttons. Full shows all your conversations at the side.</source>
        <translation>简单视图只显示一个对话和四个大按钮。完整视图在一侧显示您的所有对话。</translation>
    </message>
    <message>
        <source>Simple</source>
        <translation>简单</translation>
    </message>
    <message>
        <source>Full</source>
        <translation>完整</translation>
    </message>
</context>
<context>
    <name>Voice</name>
    <message>
        <source>Here the answer shows a piece of code.</source>
        <translation>这里，回答给出了一段代码。</translation>
    </message>
</context>
<context>
    <name>VoiceSection</name>
    <message>
        <source>Reading aloud</source>
        <translation>朗读</translation>
    </message>
    <message>
        <source>Slowly</source>
        <translation>慢</translation>
    </message>
    <message>
        <source>As usual</source>
        <translation>正常</translation>
    </message>
    <message>
        <source>Fast</source>
        <translation>快</translation>
    </message>
    <message>
        <source>How fast answers are read aloud</source>
        <translation>朗读回答的速度</translation>
    </message>
</context>
<context>
    <name>WaitingLine</name>
    <message>
        <source>The assistant is waking up…</source>
        <translation>助手正在醒来……</translation>
    </message>
    <message>
        <source>Thinking…</source>
        <translation>正在思考……</translation>
    </message>
    <message>
        <source>Reading your question…</source>
        <translation>正在读您的问题……</translation>
    </message>
    <message>
        <source>{what} {time}</source>
        <translation>{what}{time}</translation>
    </message>
</context>
<context>
    <name>WritingSection</name>
    <message>
        <source>Writing</source>
        <translation>输入</translation>
    </message>
    <message>
        <source>The Enter key sends the question</source>
        <translation>按回车键发送问题</translation>
    </message>
    <message>
        <source>Otherwise Enter begins a new line, and Ctrl and Enter together send.</source>
        <translation>否则回车键换行，同时按 Ctrl 和回车键发送。</translation>
    </message>
</context>
</TS>
