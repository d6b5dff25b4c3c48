<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="fr_FR" sourcelanguage="en">
<context>
    <name>AnswerSection</name>
    <message>
        <source>Answers</source>
        <translation>Réponses</translation>
    </message>
    <message>
        <source>In which language the assistant answers:</source>
        <translation>Dans quelle langue l’assistant répond&#xa0;:</translation>
    </message>
    <message>
        <source>The language of the question</source>
        <translation>La langue de la question</translation>
    </message>
    <message>
        <source>Language of the answers</source>
        <translation>Langue des réponses</translation>
    </message>
    <message>
        <source>Underline what the assistant was not sure about</source>
        <translation>Souligner ce dont l’assistant n’était pas sûr</translation>
    </message>
</context>
<context>
    <name>AppearanceSection</name>
    <message>
        <source>Colours</source>
        <translation>Couleurs</translation>
    </message>
    <message>
        <source>As on this computer</source>
        <translation>Comme sur cet ordinateur</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Clair</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Sombre</translation>
    </message>
    <message>
        <source>High contrast</source>
        <translation>Contraste élevé</translation>
    </message>
</context>
<context>
    <name>AssistantButton</name>
    <message>
        <source>Assistant: {name}</source>
        <translation>Assistant&#xa0;: {name}</translation>
    </message>
    <message>
        <source>Choose who answers in this conversation</source>
        <translation>Choisir qui répond dans cette conversation</translation>
    </message>
    <message>
        <source>All assistants…</source>
        <translation>Tous les assistants…</translation>
    </message>
</context>
<context>
    <name>AssistantCard</name>
    <message>
        <source>Begin</source>
        <translation>Commencer</translation>
    </message>
    <message>
        <source>Begin a conversation with “{name}”</source>
        <translation>Commencer une conversation avec «&#xa0;{name}&#xa0;»</translation>
    </message>
    <message>
        <source>Change</source>
        <translation>Modifier</translation>
    </message>
    <message>
        <source>Change “{name}”</source>
        <translation>Modifier «&#xa0;{name}&#xa0;»</translation>
    </message>
    <message>
        <source>Delete “{name}”</source>
        <translation>Supprimer «&#xa0;{name}&#xa0;»</translation>
    </message>
    <message>
        <source>Without instructions</source>
        <translation>Sans consignes</translation>
    </message>
</context>
<context>
    <name>AssistantEditorPage</name>
    <message>
        <source>My assistant</source>
        <translation>Mon assistant</translation>
    </message>
    <message>
        <source>Save this assistant as a file</source>
        <translation>Enregistrer cet assistant dans un fichier</translation>
    </message>
    <message>
        <source>Assistants</source>
        <translation>Assistants</translation>
    </message>
    <message>
        <source>Back to the assistants</source>
        <translation>Retour aux assistants</translation>
    </message>
    <message>
        <source>New assistant</source>
        <translation>Nouvel assistant</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>Terminé</translation>
    </message>
    <message>
        <source>Discard the changes</source>
        <translation>Annuler les modifications</translation>
    </message>
    <message>
        <source>Back to the original</source>
        <translation>Revenir à l’original</translation>
    </message>
    <message>
        <source>Save as a file…</source>
        <translation>Enregistrer dans un fichier…</translation>
    </message>
</context>
<context>
    <name>AssistantRow</name>
    <message>
        <source>Who should answer?</source>
        <translation>Qui doit répondre&#xa0;?</translation>
    </message>
    <message>
        <source>All assistants</source>
        <translation>Tous les assistants</translation>
    </message>
</context>
<context>
    <name>AssistantWords</name>
    <message>
        <source>Write a letter</source>
        <translation>Écrire une lettre</translation>
    </message>
    <message>
        <source>You help to write letters. Write the whole letter, politely and in clear sentences, ready to be sent. Today is {date}. Where something is not known, leave a gap such as [name].</source>
        <translation>Vous aidez à écrire des lettres. Écrivez la lettre entière, poliment et en phrases claires, prête à être envoyée. Nous sommes le {date}. Quand une information manque, laissez un blanc comme [nom].</translation>
    </message>
    <message>
        <source>A whole letter, ready to be sent</source>
        <translation>Une lettre entière, prête à envoyer</translation>
    </message>
    <message>
        <source>Explain this</source>
        <translation>Expliquer</translation>
    </message>
    <message>
        <source>You explain things to somebody who meets them for the first time. Use everyday words and short sentences, and give one example.</source>
        <translation>Vous expliquez les choses à quelqu’un qui les découvre. Employez des mots de tous les jours et des phrases courtes, et donnez un exemple.</translation>
    </message>
    <message>
        <source>In everyday words, with an example</source>
        <translation>Avec des mots simples et un exemple</translation>
    </message>
    <message>
        <source>Translate</source>
        <translation>Traduire</translation>
    </message>
    <message>
        <source>You are a translator. Translate what you are given into {language}, or into the language that is asked for. Write only the translation.</source>
        <translation>Vous êtes traducteur. Traduisez ce que l’on vous donne en {language}, ou dans la langue demandée. N’écrivez que la traduction.</translation>
    </message>
    <message>
        <source>Into your language, or another one</source>
        <translation>Dans votre langue ou dans une autre</translation>
    </message>
    <message>
        <source>Ask anything</source>
        <translation>Poser une question</translation>
    </message>
    <message>
        <source>For everything else</source>
        <translation>Pour tout le reste</translation>
    </message>
</context>
<context>
    <name>AssistantsPage</name>
    <message>
        <source>Add an assistant from a file</source>
        <translation>Ajouter un assistant depuis un fichier</translation>
    </message>
    <message>
        <source>Assistants</source>
        <translation>Assistants</translation>
    </message>
    <message>
        <source>Back to the conversation</source>
        <translation>Retour à la conversation</translation>
    </message>
    <message>
        <source>An assistant is told beforehand what it is there for. Choose one, or make your own; your conversations remember who answers in them.</source>
        <translation>Un assistant sait d’avance à quoi il sert. Choisissez-en un, ou créez le vôtre&#xa0;; vos conversations se souviennent de qui y répond.</translation>
    </message>
    <message>
        <source>New assistant</source>
        <translation>Nouvel assistant</translation>
    </message>
    <message>
        <source>Add from a file…</source>
        <translation>Ajouter depuis un fichier…</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>Annuler</translation>
    </message>
    <message>
        <source>“{name}” was deleted.</source>
        <translation>«&#xa0;{name}&#xa0;» a été supprimé.</translation>
    </message>
</context>
<context>
    <name>BinCard</name>
    <message>
        <source>Conversation without a name</source>
        <translation>Conversation sans nom</translation>
    </message>
    <message>
        <source>Delete it for good? Nobody can bring it back then.</source>
        <translation>La supprimer définitivement&#xa0;? Personne ne pourra la récupérer.</translation>
    </message>
    <message>
        <source>Restore</source>
        <translation>Récupérer</translation>
    </message>
    <message>
        <source>Restore: {name}</source>
        <translation>Récupérer&#xa0;: {name}</translation>
    </message>
    <message>
        <source>Delete for good</source>
        <translation>Supprimer définitivement</translation>
    </message>
    <message>
        <source>Delete for good: {name}</source>
        <translation>Supprimer définitivement&#xa0;: {name}</translation>
    </message>
    <message>
        <source>Keep it</source>
        <translation>La garder</translation>
    </message>
    <message>
        <source>Keep it: {name}</source>
        <translation>La garder&#xa0;: {name}</translation>
    </message>
    <message>
        <source>Yes, delete it</source>
        <translation>Oui, la supprimer</translation>
    </message>
    <message>
        <source>Yes, delete it: {name}</source>
        <translation>Oui, la supprimer&#xa0;: {name}</translation>
    </message>
    <message>
        <source>Deleted: {when}</source>
        <translation>Supprimée&#xa0;: {when}</translation>
    </message>
    <message>
        <source>{deleted} · gone today</source>
        <translation>{deleted} · disparaît aujourd’hui</translation>
    </message>
    <message numerus="yes">
        <source>gone in %n day(s)</source>
        <translation>
            <numerusform>disparaît dans %n jour</numerusform>
            <numerusform>disparaît dans %n jours</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>BinPage</name>
    <message>
        <source>Back to the conversation</source>
        <translation>Retour à la conversation</translation>
    </message>
    <message>
        <source>Bin</source>
        <translation>Corbeille</translation>
    </message>
    <message>
        <source>Empty the bin</source>
        <translation>Vider la corbeille</translation>
    </message>
    <message>
        <source>Keep them</source>
        <translation>Les garder</translation>
    </message>
    <message>
        <source>Yes, delete everything</source>
        <translation>Oui, tout supprimer</translation>
    </message>
    <message>
        <source>Show more</source>
        <translation>En voir plus</translation>
    </message>
    <message numerus="yes">
        <source>Delete %n conversation(s) for good? Nobody can bring them back then.</source>
        <translation>
            <numerusform>Supprimer définitivement %n conversation&#xa0;? Personne ne pourra la récupérer.</numerusform>
            <numerusform>Supprimer définitivement %n conversations&#xa0;? Personne ne pourra les récupérer.</numerusform>
        </translation>
    </message>
    <message>
        <source>The bin is empty. What you delete stays here for a while.</source>
        <translation>La corbeille est vide. Ce que vous supprimez reste ici quelque temps.</translation>
    </message>
    <message numerus="yes">
        <source>What you delete stays here for %n day(s). Then it is gone for good.</source>
        <translation>
            <numerusform>Ce que vous supprimez reste ici %n jour, puis disparaît définitivement.</numerusform>
            <numerusform>Ce que vous supprimez reste ici %n jours, puis disparaît définitivement.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ChatList</name>
    <message>
        <source>Your conversations</source>
        <translation>Vos conversations</translation>
    </message>
</context>
<context>
    <name>ChatMenu</name>
    <message>
        <source>Rename</source>
        <translation>Renommer</translation>
    </message>
    <message>
        <source>No longer at the top</source>
        <translation>Ne plus garder en haut</translation>
    </message>
    <message>
        <source>Keep at the top</source>
        <translation>Garder en haut</translation>
    </message>
    <message>
        <source>Print…</source>
        <translation>Imprimer…</translation>
    </message>
    <message>
        <source>Save as Word…</source>
        <translation>Enregistrer pour Word…</translation>
    </message>
    <message>
        <source>Save as PDF…</source>
        <translation>Enregistrer en PDF…</translation>
    </message>
    <message>
        <source>Save as a file…</source>
        <translation>Enregistrer dans un fichier…</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Supprimer</translation>
    </message>
    <message>
        <source>Move to a folder</source>
        <translation>Ranger dans un dossier</translation>
    </message>
    <message>
        <source>New folder…</source>
        <translation>Nouveau dossier…</translation>
    </message>
    <message>
        <source>Take out of the folder</source>
        <translation>Sortir du dossier</translation>
    </message>
</context>
<context>
    <name>ChatRows</name>
    <message>
        <source>Name of the folder</source>
        <translation>Nom du dossier</translation>
    </message>
    <message>
        <source>New conversation</source>
        <translation>Nouvelle conversation</translation>
    </message>
    <message>
        <source>Pinned</source>
        <translation>Épinglées</translation>
    </message>
    <message>
        <source>Today</source>
        <translation>Aujourd’hui</translation>
    </message>
    <message>
        <source>This week</source>
        <translation>Cette semaine</translation>
    </message>
    <message>
        <source>Earlier</source>
        <translation>Plus anciennes</translation>
    </message>
    <message>
        <source>This conversation is open.</source>
        <translation>Cette conversation est ouverte.</translation>
    </message>
    <message>
        <source>Pinned at the top.</source>
        <translation>Gardée en haut.</translation>
    </message>
    <message>
        <source>More: {name}</source>
        <translation>Plus&#xa0;: {name}</translation>
    </message>
    <message numerus="yes">
        <source>%n conversation(s)</source>
        <translation>
            <numerusform>%n conversation</numerusform>
            <numerusform>%n conversations</numerusform>
        </translation>
    </message>
    <message>
        <source>Folder, closed.</source>
        <translation>Dossier fermé.</translation>
    </message>
    <message>
        <source>Folder, open.</source>
        <translation>Dossier ouvert.</translation>
    </message>
    <message>
        <source>Name of the conversation</source>
        <translation>Nom de la conversation</translation>
    </message>
    <message>
        <source>Call it “{name}”</source>
        <translation>L’appeler «&#xa0;{name}&#xa0;»</translation>
    </message>
</context>
<context>
    <name>CheckLines</name>
    <message>
        <source>{sentence} Underlined: {words}</source>
        <translation>{sentence} Souligné&#xa0;: {words}</translation>
    </message>
</context>
<context>
    <name>CheckWords</name>
    <message>
        <source>The assistant was not sure about this. Please check it.</source>
        <translation>L’assistant n’en était pas sûr. Merci de vérifier.</translation>
    </message>
    <message>
        <source>This may be wrong; check what matters. The assistant was not sure about what is underlined.</source>
        <translation>Cette réponse peut être fausse&#xa0;: vérifiez ce qui compte pour vous. L’assistant n’était pas sûr de ce qui est souligné.</translation>
    </message>
    <message>
        <source>The assistant was not sure about what is underlined. Please check it.</source>
        <translation>L’assistant n’était pas sûr de ce qui est souligné. Veuillez le vérifier.</translation>
    </message>
    <message>
        <source>This is about money. Please check it with your bank or with somebody you trust before you decide.</source>
        <translation>Il s’agit d’argent. Avant de décider, vérifiez auprès de votre banque ou d’une personne de confiance.</translation>
    </message>
    <message>
        <source>This is about health. Please ask a doctor or a pharmacist before you rely on it.</source>
        <translation>Il s’agit de santé. Avant de vous y fier, demandez l’avis d’un médecin ou d’un pharmacien.</translation>
    </message>
    <message>
        <source>This is about the law. Please ask a lawyer or an advice centre before you rely on it.</source>
        <translation>Il s’agit de droit. Avant de vous y fier, demandez l’avis d’un avocat ou d’un point d’accès au droit.</translation>
    </message>
</context>
<context>
    <name>CodeBar</name>
    <message>
        <source>Code</source>
        <translation>Code</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>Copié</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Copier</translation>
    </message>
    <message>
        <source>Copies this piece of code</source>
        <translation>Copie ce morceau de code</translation>
    </message>
</context>
<context>
    <name>Composer</name>
    <message>
        <source>Write your question here…</source>
        <translation>Écrivez votre question ici…</translation>
    </message>
    <message>
        <source>Your question…</source>
        <translation>Votre question…</translation>
    </message>
    <message>
        <source>Your question</source>
        <translation>Votre question</translation>
    </message>
    <message>
        <source>Enter sends it, Shift and Enter begin a new line.</source>
        <translation>Entrée l’envoie, Maj et Entrée commencent une nouvelle ligne.</translation>
    </message>
    <message>
        <source>Ctrl and Enter send it, Enter begins a new line.</source>
        <translation>Ctrl et Entrée l’envoient, Entrée commence une nouvelle ligne.</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Arrêter</translation>
    </message>
    <message>
        <source>End this answer (Esc)</source>
        <translation>Arrêter cette réponse (Échap)</translation>
    </message>
    <message>
        <source>Send</source>
        <translation>Envoyer</translation>
    </message>
    <message>
        <source>Send the question (Enter)</source>
        <translation>Envoyer la question (Entrée)</translation>
    </message>
</context>
<context>
    <name>Conversation</name>
    <message>
        <source>To the newest</source>
        <translation>Aller à la fin</translation>
    </message>
    <message>
        <source>Conversation</source>
        <translation>Conversation</translation>
    </message>
</context>
<context>
    <name>Dates</name>
    <message>
        <source>Today, {time}</source>
        <translation>Aujourd’hui, {time}</translation>
    </message>
    <message>
        <source>Yesterday</source>
        <translation>Hier</translation>
    </message>
    <message>
        <source>d MMMM</source>
        <translation>d MMMM</translation>
    </message>
    <message>
        <source>d MMMM yyyy</source>
        <translation>d MMMM yyyy</translation>
    </message>
</context>
<context>
    <name>Durations</name>
    <message numerus="yes">
        <source>about %n second(s)</source>
        <translation>
            <numerusform>environ %n seconde</numerusform>
            <numerusform>environ %n secondes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>about %n minute(s)</source>
        <translation>
            <numerusform>environ %n minute</numerusform>
            <numerusform>environ %n minutes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n second(s) so far</source>
        <translation>
            <numerusform>déjà %n seconde</numerusform>
            <numerusform>déjà %n secondes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Thought for %n second(s)</source>
        <translation>
            <numerusform>Réflexion&#xa0;: %n seconde</numerusform>
            <numerusform>Réflexion&#xa0;: %n secondes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Thought for %n minute(s)</source>
        <translation>
            <numerusform>Réflexion&#xa0;: %n minute</numerusform>
            <numerusform>Réflexion&#xa0;: %n minutes</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>EarlierPage</name>
    <message numerus="yes">
        <source>%n found</source>
        <translation>
            <numerusform>%n trouvée</numerusform>
            <numerusform>%n trouvées</numerusform>
        </translation>
    </message>
    <message>
        <source>These words are in none of your conversations.</source>
        <translation>Ces mots ne figurent dans aucune de vos conversations.</translation>
    </message>
    <message>
        <source>There are no earlier conversations yet.</source>
        <translation>Il n’y a pas encore de conversations précédentes.</translation>
    </message>
    <message>
        <source>New conversation</source>
        <translation>Nouvelle conversation</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Supprimer</translation>
    </message>
    <message>
        <source>Delete: {title}</source>
        <translation>Supprimer&#xa0;: {title}</translation>
    </message>
    <message>
        <source>{title} · {when}</source>
        <translation>{title} · {when}</translation>
    </message>
    <message>
        <source>Pinned · {when}</source>
        <translation>Épinglée · {when}</translation>
    </message>
    <message>
        <source>Back to the conversation</source>
        <translation>Retour à la conversation</translation>
    </message>
    <message>
        <source>Earlier conversations</source>
        <translation>Conversations précédentes</translation>
    </message>
    <message>
        <source>Show more</source>
        <translation>Afficher la suite</translation>
    </message>
</context>
<context>
    <name>EmptyPage</name>
    <message>
        <source>What can I help you with?</source>
        <translation>En quoi puis-je vous aider&#xa0;?</translation>
    </message>
    <message>
        <source>Ask in your own words. Your questions and the answers stay on this computer. A small assistant makes mistakes: please check what matters.</source>
        <translation>Posez votre question avec vos propres mots. Questions et réponses restent sur cet ordinateur. Un petit assistant se trompe parfois&#xa0;: vérifiez ce qui compte.</translation>
    </message>
    <message>
        <source>For example:</source>
        <translation>Par exemple&#xa0;:</translation>
    </message>
    <message>
        <source>What should I pack for a weekend by the sea?</source>
        <translation>Que faut-il emporter pour un week-end à la mer&#xa0;?</translation>
    </message>
    <message>
        <source>What is the capital of France?</source>
        <translation>Quelle est la capitale de la France&#xa0;?</translation>
    </message>
    <message>
        <source>Explain in simple words why the sky is blue.</source>
        <translation>Expliquer simplement pourquoi le ciel est bleu.</translation>
    </message>
</context>
<context>
    <name>ErrorBar</name>
    <message>
        <source>Close this message</source>
        <translation>Fermer ce message</translation>
    </message>
    <message>
        <source>Repair</source>
        <translation>Réparer</translation>
    </message>
</context>
<context>
    <name>Errors</name>
    <message>
        <source>Something went wrong that should not have. Your conversations are safe. Please try once more.</source>
        <translation>Un problème inattendu est survenu. Vos conversations sont en sécurité. Veuillez réessayer.</translation>
    </message>
    <message>
        <source>That is not the right one. Please check it and try again.</source>
        <translation>Ce n’est pas le bon. Vérifiez et réessayez.</translation>
    </message>
    <message>
        <source>There is a typing mistake in this code. Please compare it with your paper.</source>
        <translation>Il y a une faute de frappe dans ce code. Comparez-le avec votre papier.</translation>
    </message>
    <message>
        <source>This conversation has become too long for the free memory. Please start a new one, or close other programs.</source>
        <translation>Cette conversation est devenue trop longue pour la mémoire libre. Commencez-en une nouvelle, ou fermez d’autres programmes.</translation>
    </message>
    <message>
        <source>Conversations this long do not fit into the free memory. Please choose shorter ones, or close other programs.</source>
        <translation>Des conversations aussi longues ne tiennent pas dans la mémoire libre. Choisissez-les plus courtes, ou fermez d’autres programmes.</translation>
    </message>
    <message>
        <source>There is not enough free memory for this assistant: {size} more would be needed. Please close other programs, or choose a smaller assistant.</source>
        <translation>Il n’y a pas assez de mémoire libre pour cet assistant&#xa0;: il manque {size}. Fermez d’autres programmes, ou choisissez un assistant plus petit.</translation>
    </message>
    <message>
        <source>Your conversations could not be read or saved. Please close Alcove and open it again.</source>
        <translation>Vos conversations n’ont pas pu être lues ou enregistrées. Veuillez fermer Alcove, puis le rouvrir.</translation>
    </message>
    <message>
        <source>There is no room left on the disk, so this could not be saved. What was saved before is safe. Please delete something you no longer need, then try again.</source>
        <translation>Il n’y a plus de place sur le disque&#xa0;: l’enregistrement n’a pas pu se faire. Ce qui était déjà enregistré est en sécurité. Supprimez ce dont vous n’avez plus besoin, puis réessayez.</translation>
    </message>
    <message>
        <source>Alcove is not allowed to write in its folder, so nothing can be saved. Please ask the person who looks after this computer.</source>
        <translation>Alcove n’a pas le droit d’écrire dans son dossier&#xa0;: rien ne peut être enregistré. Adressez-vous à la personne qui s’occupe de cet ordinateur.</translation>
    </message>
    <message>
        <source>Another program is using your conversations. Please close it, then try again.</source>
        <translation>Un autre programme utilise vos conversations. Fermez-le, puis réessayez.</translation>
    </message>
    <message>
        <source>The file with your conversations is damaged. It was left as it is. “Keep and repair” in the settings brings back what can be read.</source>
        <translation>Le fichier de vos conversations est endommagé. Il a été laissé tel quel. «&#xa0;Conserver et réparer&#xa0;», dans les réglages, retrouve ce qui peut être lu.</translation>
    </message>
    <message>
        <source>Your conversations were saved by a newer Alcove. Please install the newer version to read them. Nothing was changed.</source>
        <translation>Vos conversations ont été enregistrées par une version plus récente d’Alcove. Installez-la pour les lire. Rien n’a été modifié.</translation>
    </message>
    <message>
        <source>The key to your conversations could not be found. Your recovery code opens them.</source>
        <translation>La clé de vos conversations est introuvable. Votre code de secours les ouvre.</translation>
    </message>
    <message>
        <source>The password store of this computer does not answer. Your passphrase or your recovery code opens your conversations.</source>
        <translation>Le trousseau de mots de passe de cet ordinateur ne répond pas. Votre phrase secrète ou votre code de secours ouvre vos conversations.</translation>
    </message>
    <message>
        <source>One of the settings could not be read, so the usual one is used instead.</source>
        <translation>Un réglage n’a pas pu être lu&#xa0;; le réglage habituel est utilisé à la place.</translation>
    </message>
    <message>
        <source>The download did not work. What has arrived is kept. Please try again later.</source>
        <translation>Le téléchargement n’a pas abouti. Ce qui est arrivé est conservé. Réessayez plus tard.</translation>
    </message>
    <message>
        <source>Alcove does not go to the internet unless you ask it to, so nothing was downloaded.</source>
        <translation>Alcove ne va sur internet que si vous le demandez&#xa0;: rien n’a été téléchargé.</translation>
    </message>
    <message>
        <source>The internet cannot be reached just now. Please check the connection, then try again. What has arrived is kept.</source>
        <translation>Internet est injoignable pour le moment. Vérifiez la connexion, puis réessayez. Ce qui est arrivé est conservé.</translation>
    </message>
    <message>
        <source>What was downloaded is not what was expected, so it was thrown away. Please try again.</source>
        <translation>Ce qui a été téléchargé n’est pas ce qui était attendu et a été jeté. Veuillez réessayer.</translation>
    </message>
    <message>
        <source>Your office has set this, so it cannot be changed here.</source>
        <translation>Ce réglage est fixé par votre organisation et ne peut pas être changé ici.</translation>
    </message>
    <message>
        <source>This could not be opened. Nothing was changed.</source>
        <translation>Impossible de l’ouvrir. Rien n’a été modifié.</translation>
    </message>
    <message>
        <source>No conversations were found in there. Alcove can read what ChatGPT, GPT4All, Jan and Alcove itself have saved.</source>
        <translation>Aucune conversation n’a été trouvée ici. Alcove sait lire ce que ChatGPT, GPT4All, Jan et Alcove lui-même ont enregistré.</translation>
    </message>
    <message>
        <source>This file is damaged or incomplete. What came before the damage was brought in; nothing else was changed.</source>
        <translation>Ce fichier est endommagé ou incomplet. Ce qui précède l’endroit abîmé a été récupéré&#xa0;; rien d’autre n’a été modifié.</translation>
    </message>
    <message>
        <source>This file is far too large to be conversations, so it was not opened.</source>
        <translation>Ce fichier est bien trop gros pour contenir des conversations&#xa0;; il n’a donc pas été ouvert.</translation>
    </message>
    <message>
        <source>The file could not be saved there. Please choose another place.</source>
        <translation>Le fichier n’a pas pu être enregistré à cet endroit. Veuillez en choisir un autre.</translation>
    </message>
    <message>
        <source>There is no room left there for the file. Please delete something, or choose another place.</source>
        <translation>Il n’y a plus assez de place à cet endroit pour le fichier. Veuillez supprimer quelque chose ou choisir un autre endroit.</translation>
    </message>
    <message>
        <source>Alcove is not allowed to save files there. Please choose another folder, such as your documents.</source>
        <translation>Alcove n’a pas le droit d’enregistrer des fichiers à cet endroit. Veuillez choisir un autre dossier, par exemple vos documents.</translation>
    </message>
    <message>
        <source>A file of this name is open in another program. Please close it there, or choose another name.</source>
        <translation>Un fichier de ce nom est ouvert dans un autre programme. Veuillez l’y fermer ou choisir un autre nom.</translation>
    </message>
    <message>
        <source>The printer did not take the pages. Please check that it is switched on.</source>
        <translation>L’imprimante n’a pas accepté les pages. Veuillez vérifier qu’elle est allumée.</translation>
    </message>
    <message>
        <source>This computer has no voice yet that works without the internet, so nothing can be read aloud.</source>
        <translation>Cet ordinateur n’a pas encore de voix qui fonctionne sans internet&#xa0;: rien ne peut être lu à voix haute.</translation>
    </message>
    <message>
        <source>The voices of this computer would send the text over the internet, so nothing is read aloud.</source>
        <translation>Les voix de cet ordinateur enverraient le texte sur internet&#xa0;: rien n’est donc lu à voix haute.</translation>
    </message>
    <message>
        <source>This computer has no voice for the language of this text.</source>
        <translation>Cet ordinateur n’a pas de voix pour la langue de ce texte.</translation>
    </message>
    <message>
        <source>Alcove is already open. Please look for its window.</source>
        <translation>Alcove est déjà ouvert. Cherchez sa fenêtre.</translation>
    </message>
    <message>
        <source>This file is not an assistant that Alcove can read. Nothing was changed. Please choose another file, or ask for it once more.</source>
        <translation>Ce fichier n’est pas un assistant qu’Alcove sait lire. Rien n’a été modifié. Veuillez choisir un autre fichier, ou le redemander.</translation>
    </message>
    <message>
        <source>There is no assistant on this computer yet. Please download one first.</source>
        <translation>Il n’y a pas encore d’assistant sur cet ordinateur. Téléchargez-en un d’abord.</translation>
    </message>
    <message>
        <source>The assistant could not be used. Please download it again.</source>
        <translation>L’assistant n’a pas pu être utilisé. Veuillez le télécharger à nouveau.</translation>
    </message>
    <message>
        <source>The assistant is no longer where it was. Please download it again.</source>
        <translation>L’assistant n’est plus à sa place. Veuillez le télécharger à nouveau.</translation>
    </message>
    <message>
        <source>The assistant&apos;s files are damaged or incomplete. Please download it again.</source>
        <translation>Les fichiers de l’assistant sont endommagés ou incomplets. Veuillez le télécharger à nouveau.</translation>
    </message>
    <message>
        <source>This file is not an assistant that can be trusted, so it was not opened.</source>
        <translation>Ce fichier n’est pas un assistant digne de confiance&#xa0;; il n’a pas été ouvert.</translation>
    </message>
    <message>
        <source>This assistant is stored in files that can also hold programs, which would run as soon as the files are opened. They were not opened. Please choose another download of it.</source>
        <translation>Cet assistant est enregistré dans des fichiers qui peuvent aussi contenir des programmes, lancés dès qu’on ouvre ces fichiers. Ils n’ont pas été ouverts. Veuillez choisir un autre téléchargement de cet assistant.</translation>
    </message>
    <message>
        <source>This kind of assistant does not work with this version of Alcove.</source>
        <translation>Ce type d’assistant ne fonctionne pas avec cette version d’Alcove.</translation>
    </message>
    <message>
        <source>This computer does not have enough room for that. Please try again later.</source>
        <translation>Cet ordinateur n’a pas assez de place pour cela. Réessayez plus tard.</translation>
    </message>
    <message>
        <source>There is not enough free memory for the assistant. Please close other programs, then try again.</source>
        <translation>Il n’y a pas assez de mémoire libre pour l’assistant. Fermez d’autres programmes, puis réessayez.</translation>
    </message>
    <message>
        <source>This is longer than the assistant can read at once. Please ask about a shorter part, or start a new conversation.</source>
        <translation>C’est plus long que ce que l’assistant peut lire en une fois. Posez votre question sur une partie plus courte, ou commencez une nouvelle conversation.</translation>
    </message>
    <message>
        <source>There is no room left on the disk. Please delete something you no longer need, then try again.</source>
        <translation>Il n’y a plus de place sur le disque. Supprimez ce dont vous n’avez plus besoin, puis réessayez.</translation>
    </message>
    <message>
        <source>The part of this computer that was chosen for answering cannot be used. Please choose “automatic” in its place.</source>
        <translation>La partie de cet ordinateur choisie pour répondre ne peut pas être utilisée. Choisissez plutôt «&#xa0;automatique&#xa0;».</translation>
    </message>
    <message>
        <source>The processor of this computer is too old for the assistant: it was made before about 2013, or is a very small one. Everything else in Alcove works; for answers, please use a newer computer.</source>
        <translation>Le processeur de cet ordinateur est trop ancien pour l’assistant&#xa0;: il date d’avant 2013 environ, ou il est d’un type très simple. Tout le reste d’Alcove fonctionne&#xa0;; pour obtenir des réponses, utilisez un ordinateur plus récent.</translation>
    </message>
    <message>
        <source>The assistant could not work on this question. Please put it differently.</source>
        <translation>L’assistant n’a pas pu traiter cette question. Veuillez la formuler autrement.</translation>
    </message>
    <message>
        <source>This assistant does not know how to read a conversation. Please use another assistant.</source>
        <translation>Cet assistant ne sait pas lire une conversation. Veuillez en utiliser un autre.</translation>
    </message>
    <message>
        <source>The assistant stopped unexpectedly. Your conversation is safe; please try again.</source>
        <translation>L’assistant s’est arrêté de façon inattendue. Votre conversation est en sécurité&#xa0;; veuillez réessayer.</translation>
    </message>
    <message>
        <source>The assistant stopped unexpectedly and has been started again. Your conversation is safe; please ask once more.</source>
        <translation>L’assistant s’est arrêté de façon inattendue et a été relancé. Votre conversation est en sécurité&#xa0;; veuillez reposer votre question.</translation>
    </message>
    <message>
        <source>The assistant no longer answered and has been started again. Your conversation is safe; please ask once more.</source>
        <translation>L’assistant ne répondait plus et a été relancé. Votre conversation est en sécurité&#xa0;; veuillez reposer votre question.</translation>
    </message>
    <message>
        <source>The assistant said something that Alcove did not understand. Please close Alcove and open it again.</source>
        <translation>L’assistant a dit quelque chose qu’Alcove n’a pas compris. Veuillez fermer Alcove, puis le rouvrir.</translation>
    </message>
</context>
<context>
    <name>Export</name>
    <message>
        <source>You</source>
        <translation>Vous</translation>
    </message>
    <message>
        <source>Assistant</source>
        <translation>Assistant</translation>
    </message>
    <message>
        <source>Conversation without a name</source>
        <translation>Conversation sans nom</translation>
    </message>
</context>
<context>
    <name>ExportDialog</name>
    <message>
        <source>Save the conversation</source>
        <translation>Enregistrer la conversation</translation>
    </message>
    <message>
        <source>To read and to edit (*.md)</source>
        <translation>Pour lire et modifier (*.md)</translation>
    </message>
    <message>
        <source>Plain text (*.txt)</source>
        <translation>Texte simple (*.txt)</translation>
    </message>
    <message>
        <source>Everything, to bring in again (*.json)</source>
        <translation>Tout, pour le reprendre plus tard (*.json)</translation>
    </message>
    <message>
        <source>Conversation</source>
        <translation>Conversation</translation>
    </message>
</context>
<context>
    <name>Finder</name>
    <message>
        <source>Nothing was found for “{words}”. Try fewer words, or another one.</source>
        <translation>Rien n’a été trouvé pour «&#xa0;{words}&#xa0;». Essayez avec moins de mots, ou avec un autre.</translation>
    </message>
    <message>
        <source>Many were found. One more word finds fewer.</source>
        <translation>Il y en a beaucoup. Un mot de plus en donnera moins.</translation>
    </message>
    <message numerus="yes">
        <source>%n result(s)</source>
        <translation>
            <numerusform>%n résultat</numerusform>
            <numerusform>%n résultats</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>FolderMenu</name>
    <message>
        <source>Rename</source>
        <translation>Renommer</translation>
    </message>
    <message>
        <source>New folder…</source>
        <translation>Nouveau dossier…</translation>
    </message>
    <message>
        <source>Delete the folder, keep its conversations</source>
        <translation>Supprimer le dossier seul</translation>
    </message>
</context>
<context>
    <name>FolderSection</name>
    <message>
        <source>Where your conversations are</source>
        <translation>Où sont vos conversations</translation>
    </message>
    <message>
        <source>They are in this folder, locked, and nowhere else.</source>
        <translation>Elles sont dans ce dossier, verrouillées, et nulle part ailleurs.</translation>
    </message>
    <message>
        <source>Folder of your conversations</source>
        <translation>Dossier de vos conversations</translation>
    </message>
    <message>
        <source>Open the folder</source>
        <translation>Ouvrir le dossier</translation>
    </message>
</context>
<context>
    <name>Header</name>
    <message>
        <source>Your conversations</source>
        <translation>Vos conversations</translation>
    </message>
    <message>
        <source>Stays on this computer</source>
        <translation>Tout reste sur cet ordinateur</translation>
    </message>
    <message>
        <source>What you write and what is answered never leave this computer.</source>
        <translation>Ce que vous écrivez et les réponses ne quittent jamais cet ordinateur.</translation>
    </message>
</context>
<context>
    <name>HelpPage</name>
    <message>
        <source>Back to the conversation</source>
        <translation>Retour à la conversation</translation>
    </message>
    <message>
        <source>Help</source>
        <translation>Aide</translation>
    </message>
    <message>
        <source>Ask as you would ask a person</source>
        <translation>Demandez comme vous demanderiez à quelqu’un</translation>
    </message>
    <message>
        <source>Write what you want to know or to have written, then press Send. You can ask again, shorter or otherwise: the assistant remembers this conversation.</source>
        <translation>Écrivez ce que vous voulez savoir ou faire rédiger, puis appuyez sur Envoyer. Vous pouvez redemander, plus court ou autrement&#xa0;: l’assistant se souvient de cette conversation.</translation>
    </message>
    <message>
        <source>Please check what matters</source>
        <translation>Vérifiez ce qui compte</translation>
    </message>
    <message>
        <source>The assistant can be wrong and does not know today’s news. What it was not sure about is underlined with dots.</source>
        <translation>L’assistant peut se tromper et ne connaît pas les nouvelles du jour. Ce dont il n’était pas sûr est souligné de points.</translation>
    </message>
    <message>
        <source>Nothing is lost, nothing leaves</source>
        <translation>Rien ne se perd, rien ne sort</translation>
    </message>
    <message>
        <source>Every conversation is kept, locked, on this computer and nowhere else. What you delete stays in the bin for 30 days.</source>
        <translation>Chaque conversation est gardée, verrouillée, sur cet ordinateur et nulle part ailleurs. Ce que vous supprimez reste 30 jours dans la corbeille.</translation>
    </message>
    <message>
        <source>With the keyboard</source>
        <translation>Au clavier</translation>
    </message>
    <message>
        <source>Send the question</source>
        <translation>Envoyer la question</translation>
    </message>
    <message>
        <source>Begin a new line</source>
        <translation>Commencer une nouvelle ligne</translation>
    </message>
    <message>
        <source>New conversation</source>
        <translation>Nouvelle conversation</translation>
    </message>
    <message>
        <source>Look for an earlier conversation</source>
        <translation>Chercher une conversation précédente</translation>
    </message>
    <message>
        <source>Stop; go back</source>
        <translation>Arrêter&#xa0;; revenir</translation>
    </message>
    <message>
        <source>Read the answer aloud</source>
        <translation>Lire la réponse à voix haute</translation>
    </message>
    <message>
        <source>Print</source>
        <translation>Imprimer</translation>
    </message>
    <message>
        <source>Larger text</source>
        <translation>Texte plus grand</translation>
    </message>
    <message>
        <source>Smaller text</source>
        <translation>Texte plus petit</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Réglages</translation>
    </message>
    <message>
        <source>This page</source>
        <translation>Cette page</translation>
    </message>
</context>
<context>
    <name>InstructionSection</name>
    <message>
        <source>Instructions</source>
        <translation>Consignes</translation>
    </message>
    <message>
        <source>What the assistant is told before each conversation. It may be left empty.</source>
        <translation>Ce qui est dit à l’assistant avant chaque conversation. Vous pouvez ne rien écrire.</translation>
    </message>
    <message>
        <source>For example: You know gardens in the mountains. Answer in two sentences.</source>
        <translation>Par exemple&#xa0;: Vous connaissez les jardins de montagne. Répondez en deux phrases.</translation>
    </message>
    <message>
        <source>Filled in each time:</source>
        <translation>Complété à chaque fois&#xa0;:</translation>
    </message>
    <message>
        <source>Today’s date</source>
        <translation>La date du jour</translation>
    </message>
    <message>
        <source>Writes {date}, which becomes the date of the day</source>
        <translation>Écrit {date}, qui devient la date du jour</translation>
    </message>
    <message>
        <source>My language</source>
        <translation>Ma langue</translation>
    </message>
    <message>
        <source>Writes {language}, which becomes the language of the window</source>
        <translation>Écrit {language}, qui devient la langue de la fenêtre</translation>
    </message>
</context>
<context>
    <name>KeepingSection</name>
    <message>
        <source>Where should the copy be kept?</source>
        <translation>Où garder la copie&#xa0;?</translation>
    </message>
    <message>
        <source>Conversations to bring in</source>
        <translation>Conversations à reprendre</translation>
    </message>
    <message>
        <source>Folder with the conversations to bring in</source>
        <translation>Dossier des conversations à reprendre</translation>
    </message>
    <message>
        <source>My conversations</source>
        <translation>Mes conversations</translation>
    </message>
    <message>
        <source>To read and to edit (*.md)</source>
        <translation>Pour lire et modifier (*.md)</translation>
    </message>
    <message>
        <source>Plain text (*.txt)</source>
        <translation>Texte simple (*.txt)</translation>
    </message>
    <message>
        <source>Everything, to bring in again (*.json)</source>
        <translation>Tout, pour le reprendre plus tard (*.json)</translation>
    </message>
    <message>
        <source>Save all conversations</source>
        <translation>Enregistrer toutes les conversations</translation>
    </message>
    <message>
        <source>Keep and repair</source>
        <translation>Conserver et réparer</translation>
    </message>
    <message>
        <source>Back up…</source>
        <translation>Faire une copie…</translation>
    </message>
    <message>
        <source>A locked copy of everything, on a USB stick or another disk.</source>
        <translation>Une copie verrouillée de tout, sur une clé USB ou un autre disque.</translation>
    </message>
    <message>
        <source>Bring in conversations…</source>
        <translation>Reprendre des conversations…</translation>
    </message>
    <message>
        <source>Save to a file…</source>
        <translation>Enregistrer dans un fichier…</translation>
    </message>
    <message>
        <source>Bin</source>
        <translation>Corbeille</translation>
    </message>
    <message>
        <source>What you have deleted, to have it back or to delete it for good.</source>
        <translation>Ce que vous avez supprimé, à récupérer ou à supprimer définitivement.</translation>
    </message>
    <message>
        <source>Repair my conversations</source>
        <translation>Réparer mes conversations</translation>
    </message>
    <message>
        <source>Conversations from ChatGPT, GPT4All, Jan or another Alcove.</source>
        <translation>Des conversations de ChatGPT, GPT4All, Jan ou d’un autre Alcove.</translation>
    </message>
    <message>
        <source>Conversations (*.zip *.json *.jsonl *.chat *.db);;All files (*)</source>
        <translation>Conversations (*.zip *.json *.jsonl *.chat *.db);;Tous les fichiers (*)</translation>
    </message>
    <message>
        <source>All conversations in one file that other programs can read. It is not locked.</source>
        <translation>Toutes les conversations dans un fichier que d’autres programmes peuvent lire. Il n’est pas verrouillé.</translation>
    </message>
    <message>
        <source>Looks whether your conversations are in order, and repairs them.</source>
        <translation>Vérifie que vos conversations sont en ordre et les répare.</translation>
    </message>
    <message>
        <source>Bring in a folder…</source>
        <translation>Reprendre un dossier…</translation>
    </message>
    <message>
        <source>For programs that keep each conversation in a folder, as Jan does.</source>
        <translation>Pour les programmes qui gardent chaque conversation dans un dossier, comme Jan.</translation>
    </message>
    <message>
        <source>This copy is locked with another key. Please type the recovery code or the passphrase that belongs to it:</source>
        <translation>Cette copie est verrouillée avec une autre clé. Saisissez le code de secours ou la phrase secrète qui lui correspond&#xa0;:</translation>
    </message>
    <message>
        <source>Recovery code or passphrase of the copy</source>
        <translation>Code de secours ou phrase secrète de la copie</translation>
    </message>
    <message>
        <source>Open the copy</source>
        <translation>Ouvrir la copie</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Arrêter</translation>
    </message>
</context>
<context>
    <name>KeepingSentences</name>
    <message>
        <source>Copying your conversations…</source>
        <translation>Copie de vos conversations…</translation>
    </message>
    <message>
        <source>Bringing the conversations in…</source>
        <translation>Reprise des conversations…</translation>
    </message>
    <message>
        <source>Writing your conversations…</source>
        <translation>Écriture de vos conversations…</translation>
    </message>
    <message>
        <source>Looking through your conversations…</source>
        <translation>Examen de vos conversations…</translation>
    </message>
    <message>
        <source>Stopped. What had been brought in by then stays.</source>
        <translation>Arrêté. Ce qui avait déjà été repris est conservé.</translation>
    </message>
    <message>
        <source>Stopped. Nothing was changed.</source>
        <translation>Arrêté. Rien n’a été modifié.</translation>
    </message>
    <message>
        <source>Done. The copy is in {place}</source>
        <translation>C’est fait. La copie se trouve dans {place}</translation>
    </message>
    <message numerus="yes">
        <source>%n conversation(s) saved in {place}</source>
        <translation>
            <numerusform>%n conversation enregistrée dans {place}</numerusform>
            <numerusform>%n conversations enregistrées dans {place}</numerusform>
        </translation>
    </message>
    <message>
        <source>All of these conversations were here already.</source>
        <translation>Toutes ces conversations étaient déjà là.</translation>
    </message>
    <message numerus="yes">
        <source>%n conversation(s) brought in.</source>
        <translation>
            <numerusform>%n conversation reprise.</numerusform>
            <numerusform>%n conversations reprises.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n was/were here already.</source>
        <translation>
            <numerusform>%n était déjà là.</numerusform>
            <numerusform>%n étaient déjà là.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n file(s) could not be read to the end.</source>
        <translation>
            <numerusform>%n fichier n’a pas pu être lu jusqu’au bout.</numerusform>
            <numerusform>%n fichiers n’ont pas pu être lus jusqu’au bout.</numerusform>
        </translation>
    </message>
    <message>
        <source>Everything is in order. There was nothing to repair.</source>
        <translation>Tout est en ordre. Il n’y avait rien à réparer.</translation>
    </message>
    <message>
        <source>Something was damaged and is repaired. Nothing was lost.</source>
        <translation>Quelque chose était abîmé et a été réparé. Rien n’a été perdu.</translation>
    </message>
    <message>
        <source>Your conversations could not be read any more, and there was no copy of them. The damaged file is kept.</source>
        <translation>Vos conversations ne pouvaient plus être lues, et il n’y en avait pas de copie. Le fichier abîmé est conservé.</translation>
    </message>
    <message numerus="yes">
        <source>%n conversation(s) could be saved.</source>
        <translation>
            <numerusform>%n conversation a pu être sauvée.</numerusform>
            <numerusform>%n conversations ont pu être sauvées.</numerusform>
        </translation>
    </message>
    <message>
        <source>They come from the newest copy.</source>
        <translation>Elles viennent de la copie la plus récente.</translation>
    </message>
    <message numerus="yes">
        <source>%n message(s) could not be read.</source>
        <translation>
            <numerusform>%n message n’a pas pu être lu.</numerusform>
            <numerusform>%n messages n’ont pas pu être lus.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>LanguageHint</name>
    <message>
        <source>This small assistant speaks English well and little else. Its answer may be wrong.</source>
        <translation>Ce petit assistant parle bien l’anglais et presque rien d’autre. Sa réponse peut être fausse.</translation>
    </message>
</context>
<context>
    <name>LanguageSection</name>
    <message>
        <source>Language</source>
        <translation>Langue</translation>
    </message>
    <message>
        <source>As on this computer</source>
        <translation>Comme sur cet ordinateur</translation>
    </message>
</context>
<context>
    <name>LiveRegion</name>
    <message>
        <source>End of the answer.</source>
        <translation>Fin de la réponse.</translation>
    </message>
    <message>
        <source>The answer was stopped.</source>
        <translation>La réponse a été arrêtée.</translation>
    </message>
    <message>
        <source>The answer was interrupted.</source>
        <translation>La réponse a été interrompue.</translation>
    </message>
    <message>
        <source>The assistant is answering.</source>
        <translation>L’assistant répond.</translation>
    </message>
    <message>
        <source>The assistant is waking up.</source>
        <translation>L’assistant se réveille.</translation>
    </message>
    <message>
        <source>The assistant is reading your question.</source>
        <translation>L’assistant lit votre question.</translation>
    </message>
    <message>
        <source>The assistant is thinking.</source>
        <translation>L’assistant réfléchit.</translation>
    </message>
</context>
<context>
    <name>MannerSection</name>
    <message>
        <source>How it should sound</source>
        <translation>Comment il doit s’exprimer</translation>
    </message>
    <message>
        <source>As it comes</source>
        <translation>Naturel</translation>
    </message>
    <message>
        <source>Plain</source>
        <translation>Simple</translation>
    </message>
    <message>
        <source>Warm</source>
        <translation>Chaleureux</translation>
    </message>
    <message>
        <source>Formal</source>
        <translation>Soutenu</translation>
    </message>
    <message>
        <source>Brief</source>
        <translation>Bref</translation>
    </message>
</context>
<context>
    <name>ModelMissingPage</name>
    <message>
        <source>One thing is missing: the assistant</source>
        <translation>Il manque une chose&#xa0;: l’assistant</translation>
    </message>
    <message>
        <source>A small assistant for everyday questions in English. It is downloaded once and then works without the internet.</source>
        <translation>Un petit assistant pour les questions de tous les jours, en anglais. Il se télécharge une seule fois et fonctionne ensuite sans internet.</translation>
    </message>
    <message>
        <source>Download ({size} MB)</source>
        <translation>Télécharger ({size} Mo)</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Annuler</translation>
    </message>
    <message>
        <source>Nothing is downloaded before you choose. What you write is never sent.</source>
        <translation>Rien n’est téléchargé avant votre choix. Ce que vous écrivez n’est jamais envoyé.</translation>
    </message>
    <message>
        <source>Downloading…</source>
        <translation>Téléchargement…</translation>
    </message>
    <message>
        <source>Unpacking…</source>
        <translation>Décompression…</translation>
    </message>
    <message>
        <source>Preparing the assistant for this computer…</source>
        <translation>Préparation de l’assistant pour cet ordinateur…</translation>
    </message>
    <message>
        <source>{what} {time} left</source>
        <translation>{what} encore {time}</translation>
    </message>
</context>
<context>
    <name>ModelSection</name>
    <message>
        <source>Model</source>
        <translation>Modèle</translation>
    </message>
    <message>
        <source>The one for everything</source>
        <translation>Celui qui sert pour tout</translation>
    </message>
</context>
<context>
    <name>MotionSection</name>
    <message>
        <source>Movement</source>
        <translation>Mouvement</translation>
    </message>
    <message>
        <source>Keep everything still: nothing blinks and nothing glides</source>
        <translation>Tout laisser immobile&#xa0;: rien ne clignote, rien ne glisse</translation>
    </message>
</context>
<context>
    <name>NameSection</name>
    <message>
        <source>Name</source>
        <translation>Nom</translation>
    </message>
    <message>
        <source>Name of the assistant</source>
        <translation>Nom de l’assistant</translation>
    </message>
    <message>
        <source>For example: Garden</source>
        <translation>Par exemple&#xa0;: Jardin</translation>
    </message>
</context>
<context>
    <name>NextTurn</name>
    <message>
        <source>Another conversation is being answered. This comes next.</source>
        <translation>Une réponse est en cours dans une autre conversation. Celle-ci viendra ensuite.</translation>
    </message>
</context>
<context>
    <name>NoteBar</name>
    <message>
        <source>Close this message</source>
        <translation>Fermer ce message</translation>
    </message>
    <message>
        <source>This conversation has become long: the assistant no longer sees its beginning. A new conversation starts afresh.</source>
        <translation>Cette conversation est devenue longue&#xa0;: l’assistant n’en voit plus le début. Une nouvelle conversation repart à neuf.</translation>
    </message>
</context>
<context>
    <name>Pages</name>
    <message>
        <source>Page {number} of {count}</source>
        <translation>Page {number} sur {count}</translation>
    </message>
</context>
<context>
    <name>PaperBar</name>
    <message>
        <source>Stop</source>
        <translation>Arrêter</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Ouvrir</translation>
    </message>
    <message>
        <source>Close this message</source>
        <translation>Fermer ce message</translation>
    </message>
</context>
<context>
    <name>PaperDesk</name>
    <message>
        <source>Stopped. Nothing was saved.</source>
        <translation>Arrêté. Rien n’a été enregistré.</translation>
    </message>
    <message>
        <source>The pages are on their way to the printer…</source>
        <translation>Les pages partent vers l’imprimante…</translation>
    </message>
    <message>
        <source>The pages were given to the printer.</source>
        <translation>Les pages ont été confiées à l’imprimante.</translation>
    </message>
    <message>
        <source>PDF document</source>
        <translation>Document PDF</translation>
    </message>
    <message>
        <source>Word document</source>
        <translation>Document Word</translation>
    </message>
    <message>
        <source>Save as PDF</source>
        <translation>Enregistrer en PDF</translation>
    </message>
    <message>
        <source>Save as Word</source>
        <translation>Enregistrer en Word</translation>
    </message>
    <message>
        <source>Conversation</source>
        <translation>Conversation</translation>
    </message>
    <message>
        <source>“{name}” is being written…</source>
        <translation>Enregistrement de «&#xa0;{name}&#xa0;»…</translation>
    </message>
    <message>
        <source>“{name}” was saved in the folder “{folder}”.</source>
        <translation>«&#xa0;{name}&#xa0;» a été enregistré dans le dossier «&#xa0;{folder}&#xa0;».</translation>
    </message>
</context>
<context>
    <name>PassphrasePage</name>
    <message>
        <source>Please take at least eight characters. A short sentence is good.</source>
        <translation>Choisissez au moins huit caractères. Une courte phrase convient bien.</translation>
    </message>
    <message>
        <source>The two are not the same. Please type them again.</source>
        <translation>Les deux ne sont pas identiques. Veuillez les retaper.</translation>
    </message>
    <message>
        <source>Show what I type</source>
        <translation>Afficher ce que je tape</translation>
    </message>
    <message>
        <source>Recovery code</source>
        <translation>Code de secours</translation>
    </message>
    <message>
        <source>Passphrase</source>
        <translation>Phrase secrète</translation>
    </message>
    <message>
        <source>The same once more</source>
        <translation>La même encore une fois</translation>
    </message>
    <message>
        <source>Keep my conversations</source>
        <translation>Garder mes conversations</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Ouvrir</translation>
    </message>
    <message>
        <source>Use the passphrase</source>
        <translation>Utiliser la phrase secrète</translation>
    </message>
    <message>
        <source>Use the recovery code</source>
        <translation>Utiliser le code de secours</translation>
    </message>
    <message>
        <source>Go on without keeping anything</source>
        <translation>Continuer sans rien garder</translation>
    </message>
    <message>
        <source>Choose a passphrase</source>
        <translation>Choisissez une phrase secrète</translation>
    </message>
    <message>
        <source>Welcome back</source>
        <translation>Heureux de vous revoir</translation>
    </message>
    <message>
        <source>Type your recovery code</source>
        <translation>Tapez votre code de secours</translation>
    </message>
    <message>
        <source>Your conversations are locked away on this computer so that nobody else can read them. Choose a sentence that only you know; you will be asked for it each time.</source>
        <translation>Vos conversations sont mises sous clé sur cet ordinateur pour que personne d’autre ne puisse les lire. Choisissez une phrase que vous seul connaissez&#xa0;; elle vous sera demandée à chaque fois.</translation>
    </message>
    <message>
        <source>Please type your passphrase to open your conversations.</source>
        <translation>Tapez votre phrase secrète pour ouvrir vos conversations.</translation>
    </message>
    <message>
        <source>It is on the paper you printed or in the file you saved. Capital or small letters make no difference.</source>
        <translation>Il se trouve sur le papier que vous avez imprimé ou dans le fichier que vous avez enregistré. Majuscules ou minuscules, peu importe.</translation>
    </message>
</context>
<context>
    <name>PictureSection</name>
    <message>
        <source>Picture</source>
        <translation>Image</translation>
    </message>
    <message>
        <source>Choose a picture…</source>
        <translation>Choisir une image…</translation>
    </message>
    <message>
        <source>Remove the picture</source>
        <translation>Retirer l’image</translation>
    </message>
    <message>
        <source>This file is not a picture that can be shown.</source>
        <translation>Ce fichier n’est pas une image qui peut être affichée.</translation>
    </message>
    <message>
        <source>Drag the picture, or move it with the arrow keys, until you like it.</source>
        <translation>Faites glisser l’image, ou déplacez-la avec les flèches du clavier, jusqu’à ce qu’elle vous plaise.</translation>
    </message>
    <message>
        <source>Part of the picture that is shown</source>
        <translation>Partie de l’image affichée</translation>
    </message>
    <message>
        <source>Size of the picture</source>
        <translation>Taille de l’image</translation>
    </message>
    <message>
        <source>Choose a picture</source>
        <translation>Choisir une image</translation>
    </message>
    <message>
        <source>Pictures</source>
        <translation>Images</translation>
    </message>
</context>
<context>
    <name>PreviewPage</name>
    <message>
        <source>Preparing the pages…</source>
        <translation>Préparation des pages…</translation>
    </message>
    <message>
        <source>One page</source>
        <translation>Une page</translation>
    </message>
    <message>
        <source>Page {number} of {count}</source>
        <translation>Page {number} sur {count}</translation>
    </message>
    <message>
        <source>Back to the conversation</source>
        <translation>Retour à la conversation</translation>
    </message>
    <message>
        <source>Previous page</source>
        <translation>Page précédente</translation>
    </message>
    <message>
        <source>Next page</source>
        <translation>Page suivante</translation>
    </message>
    <message>
        <source>Whole page</source>
        <translation>Page entière</translation>
    </message>
    <message>
        <source>Larger</source>
        <translation>Plus grand</translation>
    </message>
    <message>
        <source>Print</source>
        <translation>Imprimer</translation>
    </message>
    <message>
        <source>Save as PDF</source>
        <translation>Enregistrer en PDF</translation>
    </message>
    <message>
        <source>There is no printer on this computer. You can save the pages as a PDF and print them somewhere else.</source>
        <translation>Il n’y a pas d’imprimante sur cet ordinateur. Vous pouvez enregistrer les pages en PDF et les imprimer ailleurs.</translation>
    </message>
</context>
<context>
    <name>QuestionEditor</name>
    <message>
        <source>Your question</source>
        <translation>Votre question</translation>
    </message>
    <message>
        <source>Enter asks it, Escape leaves everything as it was.</source>
        <translation>Entrée la pose, Échap laisse tout comme avant.</translation>
    </message>
    <message>
        <source>An answer is being written. When it has ended, you can ask this.</source>
        <translation>Une réponse est en train d’être écrite. Vous pourrez poser cette question quand elle sera terminée.</translation>
    </message>
    <message>
        <source>The question as it was, and its answer, are kept.</source>
        <translation>La question d’origine et sa réponse sont conservées.</translation>
    </message>
    <message>
        <source>Ask this instead</source>
        <translation>Poser cette question</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Annuler</translation>
    </message>
</context>
<context>
    <name>QuestionWidget</name>
    <message>
        <source>Copy the whole question</source>
        <translation>Copier toute la question</translation>
    </message>
    <message>
        <source>Quote in your question</source>
        <translation>Citer dans votre question</translation>
    </message>
    <message>
        <source>Change this question</source>
        <translation>Modifier cette question</translation>
    </message>
    <message>
        <source>Your question</source>
        <translation>Votre question</translation>
    </message>
    <message>
        <source>Show all of it</source>
        <translation>Tout afficher</translation>
    </message>
    <message>
        <source>Change</source>
        <translation>Modifier</translation>
    </message>
</context>
<context>
    <name>ReadingView</name>
    <message>
        <source>Open this address?</source>
        <translation>Ouvrir cette adresse&#xa0;?</translation>
    </message>
    <message>
        <source>This opens your web browser, which leaves this computer:</source>
        <translation>Cela ouvre votre navigateur, qui va sur internet&#xa0;:</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Ouvrir</translation>
    </message>
    <message>
        <source>Copy the address</source>
        <translation>Copier l’adresse</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Annuler</translation>
    </message>
    <message>
        <source>Copy what is selected</source>
        <translation>Copier la sélection</translation>
    </message>
    <message>
        <source>Select all</source>
        <translation>Tout sélectionner</translation>
    </message>
</context>
<context>
    <name>RecoveryPage</name>
    <message>
        <source>Alcove recovery code</source>
        <translation>Code de secours Alcove</translation>
    </message>
    <message>
        <source>With this code your conversations can be opened when this computer no longer lets you in. Keep it where you keep important papers. Whoever has it and your computer can read your conversations.</source>
        <translation>Ce code ouvre vos conversations lorsque cet ordinateur ne vous laisse plus entrer. Rangez-le avec vos papiers importants. Quiconque possède ce code et votre ordinateur peut lire vos conversations.</translation>
    </message>
    <message>
        <source>Sent to the printer.</source>
        <translation>Envoyé à l’imprimante.</translation>
    </message>
    <message>
        <source>Save the recovery code</source>
        <translation>Enregistrer le code de secours</translation>
    </message>
    <message>
        <source>It could not be saved there. Please choose another place.</source>
        <translation>L’enregistrement n’a pas pu se faire à cet endroit. Choisissez-en un autre.</translation>
    </message>
    <message>
        <source>Saved.</source>
        <translation>Enregistré.</translation>
    </message>
    <message>
        <source>Copied.</source>
        <translation>Copié.</translation>
    </message>
    <message>
        <source>Your recovery code</source>
        <translation>Votre code de secours</translation>
    </message>
    <message>
        <source>Should this computer one day no longer let you in, this code opens your conversations. Please print it and keep it with your important papers.</source>
        <translation>Si un jour cet ordinateur ne vous laisse plus entrer, ce code ouvre vos conversations. Imprimez-le et rangez-le avec vos papiers importants.</translation>
    </message>
    <message>
        <source>Recovery code</source>
        <translation>Code de secours</translation>
    </message>
    <message>
        <source>Print</source>
        <translation>Imprimer</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Enregistrer</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Copier</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>Terminé</translation>
    </message>
</context>
<context>
    <name>RecoverySection</name>
    <message>
        <source>Recovery code</source>
        <translation>Code de secours</translation>
    </message>
    <message>
        <source>Opens your conversations should this computer no longer let you in.</source>
        <translation>Ouvre vos conversations si cet ordinateur ne vous laisse plus entrer.</translation>
    </message>
    <message>
        <source>Show the recovery code</source>
        <translation>Afficher le code de secours</translation>
    </message>
</context>
<context>
    <name>ReplyActions</name>
    <message>
        <source>Copy the whole answer</source>
        <translation>Copier toute la réponse</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>Copié</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Copier</translation>
    </message>
    <message>
        <source>Stop reading</source>
        <translation>Arrêter la lecture</translation>
    </message>
    <message>
        <source>Read aloud</source>
        <translation>Lire à voix haute</translation>
    </message>
    <message>
        <source>Save as Word</source>
        <translation>Enregistrer en Word</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Réessayer</translation>
    </message>
    <message>
        <source>Save as PDF</source>
        <translation>Enregistrer en PDF</translation>
    </message>
    <message>
        <source>Print</source>
        <translation>Imprimer</translation>
    </message>
    <message>
        <source>Quote in your question</source>
        <translation>Citer dans votre question</translation>
    </message>
    <message>
        <source>More</source>
        <translation>Plus</translation>
    </message>
</context>
<context>
    <name>ReplyWidget</name>
    <message>
        <source>This answer was interrupted. What had arrived is kept.</source>
        <translation>Cette réponse a été interrompue. Ce qui était arrivé est conservé.</translation>
    </message>
    <message>
        <source>You stopped this answer.</source>
        <translation>Vous avez arrêté cette réponse.</translation>
    </message>
    <message>
        <source>The answer became too long and ends here.</source>
        <translation>La réponse devenait trop longue et s’arrête ici.</translation>
    </message>
    <message>
        <source>The answer kept repeating itself, so it ends here.</source>
        <translation>La réponse ne faisait plus que se répéter&#xa0;: elle s’arrête ici.</translation>
    </message>
    <message>
        <source>The assistant had nothing to say to this. You can try again.</source>
        <translation>L’assistant n’a rien trouvé à répondre. Vous pouvez réessayer.</translation>
    </message>
    <message>
        <source>Show more of it</source>
        <translation>En afficher davantage</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>Réponse</translation>
    </message>
</context>
<context>
    <name>ResultList</name>
    <message>
        <source>What was found</source>
        <translation>Ce qui a été trouvé</translation>
    </message>
</context>
<context>
    <name>ResultRows</name>
    <message>
        <source>In the titles</source>
        <translation>Dans les titres</translation>
    </message>
    <message>
        <source>More: {name}</source>
        <translation>Plus&#xa0;: {name}</translation>
    </message>
    <message>
        <source>New conversation</source>
        <translation>Nouvelle conversation</translation>
    </message>
    <message>
        <source>You · {when}</source>
        <translation>Vous · {when}</translation>
    </message>
    <message>
        <source>Assistant · {when}</source>
        <translation>Assistant · {when}</translation>
    </message>
</context>
<context>
    <name>SavedChatsSection</name>
    <message>
        <source>Going on with long conversations</source>
        <translation>Reprendre les longues conversations</translation>
    </message>
    <message>
        <source>So that the assistant need not read a long conversation again from its beginning, Alcove keeps on the disk what it has read. It may use this much room:</source>
        <translation>Pour que l’assistant n’ait pas à relire une longue conversation depuis le début, Alcove garde sur le disque ce qui a été lu. Il peut occuper cette place&#xa0;:</translation>
    </message>
    <message>
        <source>{size} GB</source>
        <translation>{size} Go</translation>
    </message>
    <message>
        <source>None, I can wait</source>
        <translation>Aucune, je peux attendre</translation>
    </message>
    <message>
        <source>Room on the disk</source>
        <translation>Place sur le disque</translation>
    </message>
</context>
<context>
    <name>SearchField</name>
    <message>
        <source>Search your conversations</source>
        <translation>Chercher dans vos conversations</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>Chercher</translation>
    </message>
    <message>
        <source>Clear the search</source>
        <translation>Effacer la recherche</translation>
    </message>
</context>
<context>
    <name>Section</name>
    <message>
        <source>Your office has decided this.</source>
        <translation>Votre bureau en a décidé ainsi.</translation>
    </message>
</context>
<context>
    <name>SettingsPage</name>
    <message>
        <source>Back to the conversation</source>
        <translation>Retour à la conversation</translation>
    </message>
    <message>
        <source>Help</source>
        <translation>Aide</translation>
    </message>
    <message>
        <source>Hints, and the keys (F1)</source>
        <translation>Des conseils, et les touches (F1)</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Réglages</translation>
    </message>
    <message>
        <source>More settings</source>
        <translation>Plus de réglages</translation>
    </message>
</context>
<context>
    <name>Sidebar</name>
    <message>
        <source>New conversation</source>
        <translation>Nouvelle conversation</translation>
    </message>
    <message>
        <source>Start afresh ({keys})</source>
        <translation>Recommencer à neuf ({keys})</translation>
    </message>
    <message>
        <source>Bin</source>
        <translation>Corbeille</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Réglages</translation>
    </message>
    <message>
        <source>Simple view</source>
        <translation>Vue simple</translation>
    </message>
</context>
<context>
    <name>SimpleActions</name>
    <message>
        <source>New conversation</source>
        <translation>Nouvelle conversation</translation>
    </message>
    <message>
        <source>New</source>
        <translation>Nouvelle</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Arrêter</translation>
    </message>
    <message>
        <source>Read aloud</source>
        <translation>Lire à voix haute</translation>
    </message>
    <message>
        <source>Read</source>
        <translation>Lire</translation>
    </message>
    <message>
        <source>Stop reading</source>
        <translation>Arrêter la lecture</translation>
    </message>
    <message>
        <source>Quiet</source>
        <translation>Silence</translation>
    </message>
    <message>
        <source>Print</source>
        <translation>Imprimer</translation>
    </message>
</context>
<context>
    <name>SimpleHeader</name>
    <message>
        <source>More</source>
        <translation>Plus</translation>
    </message>
    <message>
        <source>Stays on this computer</source>
        <translation>Tout reste sur cet ordinateur</translation>
    </message>
    <message>
        <source>What you write and what is answered never leave this computer.</source>
        <translation>Ce que vous écrivez et les réponses ne quittent jamais cet ordinateur.</translation>
    </message>
    <message>
        <source>Earlier conversations</source>
        <translation>Conversations précédentes</translation>
    </message>
    <message>
        <source>Earlier</source>
        <translation>Précédentes</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Réglages</translation>
    </message>
    <message>
        <source>Full view</source>
        <translation>Vue complète</translation>
    </message>
</context>
<context>
    <name>TemporaryBar</name>
    <message>
        <source>This conversation is not being kept. It is gone when you close Alcove.</source>
        <translation>Cette conversation n’est pas conservée. Elle disparaît quand vous fermez Alcove.</translation>
    </message>
</context>
<context>
    <name>Terminal</name>
    <message>
        <source>Alcove answers on this computer. Nothing you write leaves it.
Type a question and press Enter. Ctrl-C stops an answer, Ctrl-D ends.</source>
        <translation>Alcove répond sur cet ordinateur. Rien de ce que vous écrivez ne le quitte.
Tapez une question, puis Entrée. Ctrl-C arrête une réponse, Ctrl-D termine.</translation>
    </message>
    <message>
        <source>You: </source>
        <translation>Vous&#xa0;: </translation>
    </message>
    <message>
        <source>Goodbye.</source>
        <translation>Au revoir.</translation>
    </message>
    <message>
        <source>Press Ctrl-D to end.</source>
        <translation>Appuyez sur Ctrl-D pour terminer.</translation>
    </message>
    <message>
        <source>This conversation is not kept: it is gone when you end.</source>
        <translation>Cette conversation n’est pas conservée&#xa0;: elle disparaît quand vous terminez.</translation>
    </message>
    <message>
        <source>One moment, the assistant is waking up…</source>
        <translation>Un instant, l’assistant se réveille…</translation>
    </message>
    <message>
        <source>The assistant is reading…</source>
        <translation>L’assistant lit…</translation>
    </message>
    <message>
        <source>The assistant is thinking…</source>
        <translation>L’assistant réfléchit…</translation>
    </message>
    <message>
        <source>The assistant is thinking… Press Ctrl-C for the answer now.</source>
        <translation>L’assistant réfléchit… Ctrl-C pour avoir la réponse maintenant.</translation>
    </message>
    <message>
        <source>(stopped here)</source>
        <translation>(arrêté ici)</translation>
    </message>
    <message>
        <source>(this answer broke off)</source>
        <translation>(cette réponse s’est interrompue)</translation>
    </message>
    <message>
        <source>This conversation has become long. The assistant no longer sees its beginning.</source>
        <translation>Cette conversation est devenue longue. L’assistant n’en voit plus le début.</translation>
    </message>
    <message>
        <source>Alcove is open already.</source>
        <translation>Alcove est déjà ouvert.</translation>
    </message>
    <message>
        <source>There is no assistant on this computer yet. Open the window to get one.</source>
        <translation>Il n’y a pas encore d’assistant sur cet ordinateur. Ouvrez la fenêtre pour en obtenir un.</translation>
    </message>
    <message>
        <source>To keep your conversations, choose a passphrase. It locks them on this computer.
Leave it empty to keep nothing this time.</source>
        <translation>Pour garder vos conversations, choisissez une phrase secrète. Elle les met sous clé sur cet ordinateur.
Laissez vide pour ne rien garder cette fois.</translation>
    </message>
    <message>
        <source>New passphrase: </source>
        <translation>Nouvelle phrase secrète&#xa0;: </translation>
    </message>
    <message>
        <source>The same again: </source>
        <translation>Encore une fois&#xa0;: </translation>
    </message>
    <message>
        <source>These were not the same. Please try again.</source>
        <translation>Elles n’étaient pas identiques. Veuillez réessayer.</translation>
    </message>
    <message>
        <source>Your conversations are locked. Leave the line empty to go on without them.</source>
        <translation>Vos conversations sont sous clé. Laissez la ligne vide pour continuer sans elles.</translation>
    </message>
    <message>
        <source>Passphrase: </source>
        <translation>Phrase secrète&#xa0;: </translation>
    </message>
    <message>
        <source>Recovery code: </source>
        <translation>Code de secours&#xa0;: </translation>
    </message>
    <message>
        <source>Your recovery code: {code}
Write it down and keep it safe. It opens your conversations if all else fails.</source>
        <translation>Votre code de secours&#xa0;: {code}
Notez-le et gardez-le en lieu sûr. Il ouvre vos conversations si tout le reste échoue.</translation>
    </message>
    <message>
        <source>Question: {question}</source>
        <translation>Question&#xa0;: {question}</translation>
    </message>
    <message>
        <source>Stopped.</source>
        <translation>Arrêté.</translation>
    </message>
</context>
<context>
    <name>TextSizeSection</name>
    <message>
        <source>Size of the text</source>
        <translation>Taille du texte</translation>
    </message>
    <message>
        <source>Smaller text</source>
        <translation>Texte plus petit</translation>
    </message>
    <message>
        <source>Larger text</source>
        <translation>Texte plus grand</translation>
    </message>
    <message>
        <source>The lamp in the alcove is lit, and there is tea.</source>
        <translation>La lampe de l’alcôve est allumée, et le thé est prêt.</translation>
    </message>
    <message>
        <source>{points} points</source>
        <translation>{points} points</translation>
    </message>
</context>
<context>
    <name>ThinkingFold</name>
    <message>
        <source>Shows or hides what the assistant thought before it answered</source>
        <translation>Affiche ou masque la réflexion de l’assistant avant sa réponse</translation>
    </message>
    <message>
        <source>Answer now</source>
        <translation>Répondre maintenant</translation>
    </message>
    <message>
        <source>Stop thinking and answer with what is known so far</source>
        <translation>Arrêter de réfléchir et répondre avec ce qui est déjà connu</translation>
    </message>
    <message>
        <source>What the assistant thought</source>
        <translation>La réflexion de l’assistant</translation>
    </message>
    <message>
        <source>Thinking…</source>
        <translation>Réflexion…</translation>
    </message>
    <message>
        <source>Thinking… {time}</source>
        <translation>Réflexion… {time}</translation>
    </message>
    <message>
        <source>What it thought first</source>
        <translation>Sa réflexion</translation>
    </message>
</context>
<context>
    <name>UndoBar</name>
    <message>
        <source>Undo</source>
        <translation>Annuler</translation>
    </message>
    <message>
        <source>The folder “{name}” was deleted. Its conversations are kept.</source>
        <translation>Le dossier «&#xa0;{name}&#xa0;» a été supprimé. Ses conversations sont conservées.</translation>
    </message>
    <message>
        <source>“{title}” was deleted.</source>
        <translation>«&#xa0;{title}&#xa0;» a été supprimée.</translation>
    </message>
    <message>
        <source>The conversation was deleted.</source>
        <translation>La conversation a été supprimée.</translation>
    </message>
</context>
<context>
    <name>VersionPager</name>
    <message>
        <source>{number} of {count}</source>
        <translation>{number} sur {count}</translation>
    </message>
    <message>
        <source>Version {place}</source>
        <translation>Version {place}</translation>
    </message>
    <message>
        <source>Earlier version</source>
        <translation>Version précédente</translation>
    </message>
    <message>
        <source>Later version</source>
        <translation>Version suivante</translation>
    </message>
</context>
<context>
    <name>ViewSection</name>
    <message>
        <source>View</source>
        <translation>Vue</translation>
    </message>
    <message>
        <source>Simple has one conversation and four large buttons. Full shows all your conversations at the side.</source>
        <translation>La vue simple montre une conversation et quatre grands boutons. La vue complète montre toutes vos conversations sur le côté.</translation>
    </message>
    <message>
        <source>Simple</source>
        <translation>Simple</translation>
    </message>
    <message>
        <source>Full</source>
        <translation>Complète</translation>
    </message>
</context>
<context>
    <name>Voice</name>
    <message>
        <source>Here the answer shows a piece of code.</source>
        <translation>Ici, la réponse montre un morceau de code.</translation>
    </message>
</context>
<context>
    <name>VoiceSection</name>
    <message>
        <source>Reading aloud</source>
        <translation>Lecture à voix haute</translation>
    </message>
    <message>
        <source>Slowly</source>
        <translation>Lentement</translation>
    </message>
    <message>
        <source>As usual</source>
        <translation>Normalement</translation>
    </message>
    <message>
        <source>Fast</source>
        <translation>Vite</translation>
    </message>
    <message>
        <source>How fast answers are read aloud</source>
        <translation>Vitesse à laquelle les réponses sont lues</translation>
    </message>
</context>
<context>
    <name>WaitingLine</name>
    <message>
        <source>The assistant is waking up…</source>
        <translation>L’assistant se réveille…</translation>
    </message>
    <message>
        <source>Thinking…</source>
        <translation>Réflexion en cours…</translation>
    </message>
    <message>
        <source>Reading your question…</source>
        <translation>Lecture de votre question…</translation>
    </message>
    <message>
        <source>{what} {time}</source>
        <translation>{what} {time}</translation>
    </message>
</context>
<context>
    <name>WritingSection</name>
    <message>
        <source>Writing</source>
        <translation>Écriture</translation>
    </message>
    <message>
        <source>The Enter key sends the question</source>
        <translation>La touche Entrée envoie la question</translation>
    </message>
    <message>
        <source>Otherwise Enter begins a new line, and Ctrl and Enter together send.</source>
        <translation>Sinon, Entrée commence une nouvelle ligne, et Ctrl et Entrée ensemble envoient.</translation>
    </message>
</context>
</TS>
