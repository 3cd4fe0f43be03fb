package hikyaku.server.queue;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.mime.EncodedWords;
import hikyaku.protocol.mime.HeaderFields;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.DirectoryAdmin;
import hikyaku.server.directory.DirectoryLimits;
import hikyaku.server.directory.DomainSettings;
import hikyaku.server.directory.EmbeddedDirectory;
import hikyaku.server.directory.EmbeddedDirectoryAdmin;
import hikyaku.server.directory.Language;
import hikyaku.server.directory.Quota;
import hikyaku.server.directory.Service;
import hikyaku.server.smtpclient.Verdict;
import java.time.Clock;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** In which language senders are told, and that there is everything in each. */
class WordingsTest {
  private static HeaderFields header(String... fields) {
    return HeaderFields.of((String.join("\r\n", fields) + "\r\n\r\n").getBytes(UTF_8));
  }

  /** Where nothing tells it, {@code none}. */
  private static String of(String... fields) {
    return Wordings.told(header(fields)).map(Language::tag).orElse("none");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Accept-Language: ja | ja",
        "Accept-Language: ja-JP, en-US | ja",
        "Accept-Language: en-US, ja | en",
        "Accept-Language: de, ja;q=0.8, en;q=0.9 | en",
        "Accept-Language: de, ja;q=0, en;q=0.1 | en",
        "Accept-Language: *, JA | ja",
        "Accept-Language: jam | none",
        "Content-Language: ja | ja",
        "Content-Language: en, ja | en",
        "Content-Language: de | none",
        "Content-Type: text/plain; charset=ISO-2022-JP | ja",
        "Content-Type: text/plain; charset=\"Shift_JIS\" | ja",
        "Content-Type: text/plain; charset=utf-8 | none",
        "Subject: お知らせ | ja",
        "Subject: 会議 | none",
        "From: ヤマダ <y@example.jp> | ja",
        "X-Else: あ | none"
      })
  void theSendersLanguage(String field, String tag) {
    assertThat(of(field)).isEqualTo(tag);
  }

  @Test
  void whatIsReadCountsForMoreThanWhatIsWritten() {
    String subject = "Subject: " + EncodedWords.encode("ご連絡");
    assertThat(of(subject)).isEqualTo("ja");
    assertThat(of("Content-Language: en", subject)).isEqualTo("en");
    assertThat(of("Content-Language: ja", "Accept-Language: en")).isEqualTo("en");
    assertThat(of("Content-Language: de", "Accept-Language: fr", subject)).isEqualTo("ja");
    assertThat(of("Accept-Language: " + "x,".repeat(1_000) + "ja")).isEqualTo("none");
  }

  /** A domain of ours with a language, however it is written; others have that of the server. */
  @Test
  void theDomainsLanguageAndTheServers() throws Exception {
    MemoryStore store = new MemoryStore(Clock.systemUTC());
    EmbeddedDirectory directory =
        new EmbeddedDirectory(store.logs(), DirectoryLimits.DEFAULTS, Optional.empty());
    DirectoryAdmin admin = new EmbeddedDirectoryAdmin(directory, null, new Random(1));
    DomainSettings japanese = DomainSettings.DEFAULTS.withLanguage(Optional.of(Language.JA));
    admin.createDomain("日本.test", japanese);
    admin.createDomain("en.test", DomainSettings.DEFAULTS.withLanguage(Optional.of(Language.EN)));
    admin.createDomain("any.test", DomainSettings.DEFAULTS);
    Wordings english = new Wordings(directory, Language.EN);
    Wordings others = new Wordings(directory, Language.JA);
    HeaderFields says = header("Content-Language: en");
    HeaderFields saysNothing = header("Subject: x");
    Mailbox idn = sender("me@日本.test");
    assertThat(english.of(saysNothing, idn).language()).isEqualTo(Language.JA);
    assertThat(english.of(saysNothing, sender("me@XN--WGV71A.test")).language())
        .isEqualTo(Language.JA);
    assertThat(english.of(says, idn).language()).isEqualTo(Language.EN);
    assertThat(others.of(saysNothing, sender("me@en.test")).language()).isEqualTo(Language.EN);
    assertThat(english.of(account("me@日本.test")).language()).isEqualTo(Language.JA);
    assertThat(others.of(account("me@en.test")).language()).isEqualTo(Language.EN);
    assertThat(others.of(account("me@any.test")).language()).isEqualTo(Language.JA);
    for (String each : List.of("me@any.test", "me@elsewhere.test", "me@[192.0.2.1]")) {
      assertThat(english.of(saysNothing, sender(each)).language()).isEqualTo(Language.EN);
      assertThat(others.of(saysNothing, sender(each)).language()).isEqualTo(Language.JA);
    }
    admin.setDomainSettings("日本.test", japanese.withLanguage(Optional.empty()));
    assertThat(english.of(saysNothing, idn).language()).isEqualTo(Language.EN);
  }

  private static Mailbox sender(String address) throws Exception {
    return new Mailbox(MailAddress.parse(address));
  }

  private static Account account(String address) {
    Address primary = Address.parse(address).orElseThrow();
    return new Account("id", primary, "", Quota.NONE, false, EnumSet.allOf(Service.class));
  }

  @Test
  void eachSaysEverythingInLinesThatFit() {
    Instant time = Instant.parse("2026-11-30T20:05:00Z");
    for (Wording each : List.of(Wording.ENGLISH, Wording.JAPANESE)) {
      for (ReportKind kind : ReportKind.values()) {
        assertThat(each.subject(kind)).isNotBlank().doesNotContain("\n");
        isOfLines(each.sentence(kind));
      }
      assertThat(each.refusal()).isNotBlank().doesNotContain("\n");
      isOfLines(each.refusedBy("me@example.org"));
      assertThat(each.refusedBy("me@example.org")).contains("me@example.org");
      assertThat(each.scriptFailed("main")).contains("main").doesNotContain("\n");
      ScriptFailure failure =
          new ScriptFailure(
              "me@example.org", "main", 7, "why", "Spam", "jo@a.example", "hello", "<1@a.example>");
      isOfLines(each.failure(failure));
      assertThat(each.failure(failure))
          .contains("me@example.org", "main", "7", "why", "Spam")
          .contains("jo@a.example", "hello", "<1@a.example>");
      isOfLines(each.triedUntil(time));
      isOfLines(each.taken("mx.example.org", time, "t1"));
      assertThat(each.taken("mx.example.org", time, "t1")).contains("mx.example.org", "t1");
      for (String code : List.of("1.1", "2.2", "4.7", "6.7", "7.26", "0.0", "9.9")) {
        isOfLines(each.reason(Verdict.failed("5." + code, "why")) + "\r\n");
      }
    }
    assertThat(Wording.JAPANESE.triedUntil(time)).contains("2026年12月1日(火) 5時05分 (日本時間)");
    assertThat(Wording.JAPANESE.reason(Verdict.failed("5.1.1", "no such user")))
        .isEqualTo("宛先のメールアドレスが見つかりません。アドレスに誤りがないかご確認ください。\r\n    詳細: no such user");
    assertThat(Wording.JAPANESE.reason(Verdict.deferred("4.9.9", "busy")))
        .startsWith("宛先のサーバーが一時的にメールを受け取れない状態です。");
  }

  /** RFC 5322 §2.1.1, in octets. */
  private static void isOfLines(String text) {
    assertThat(text).isNotBlank().endsWith("\r\n");
    for (String line : text.substring(0, text.length() - 2).split("\r\n")) {
      assertThat(line).doesNotContain("\r", "\n");
      assertThat(new String(line.getBytes(UTF_8), ISO_8859_1)).hasSizeLessThan(900);
    }
  }
}
