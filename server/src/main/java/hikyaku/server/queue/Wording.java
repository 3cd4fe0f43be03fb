package hikyaku.server.queue;

import hikyaku.server.directory.Language;
import hikyaku.server.smtpclient.Verdict;
import java.time.Instant;

/**
 * What reports say to people, in one language. Texts have lines that end with CRLF, the last one
 * too, but where a method says otherwise.
 */
public sealed interface Wording permits EnglishWording, JapaneseWording {
  Wording ENGLISH = new EnglishWording();
  Wording JAPANESE = new JapaneseWording();

  /** That in a language. */
  static Wording in(Language language) {
    return switch (language) {
      case EN -> ENGLISH;
      case JA -> JAPANESE;
    };
  }

  Language language();

  /** Whom reports are from, as people read it; one line without its end. */
  String author();

  /** One line without its end. */
  String subject(ReportKind kind);

  /** What has become of the message, for those who are named behind it. */
  String sentence(ReportKind kind);

  /** What became of it for one of them; one line, or several, without the last end. */
  String reason(Verdict verdict);

  /** Until when it is tried. */
  String triedUntil(Instant time);

  /** Where the message came, when, and as what. */
  String taken(String host, Instant arrived, String transaction);

  /** The subject where a recipient's script has refused it; one line without its end. */
  String refusal();

  /** That a recipient does not want the message, for the reason behind it. */
  String refusedBy(String recipient);

  /** The subject where a script of the account has failed; one line without its end. */
  String scriptFailed(String script);

  /** What failed, over which message, and what to do. */
  String failure(ScriptFailure failure);
}
