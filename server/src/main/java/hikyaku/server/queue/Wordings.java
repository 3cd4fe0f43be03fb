package hikyaku.server.queue;

import hikyaku.protocol.mime.HeaderField;
import hikyaku.protocol.mime.HeaderFields;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Language;
import java.lang.Character.UnicodeScript;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * In which language the sender of a message is told what became of it: that which the message
 * tells, else that of the sender's domain, else that of the server.
 *
 * @param directory whose domains may have a language
 * @param last of the server
 */
public record Wordings(Directory directory, Language last) {
  /** Characters of a field that are looked at. */
  private static final int LONGEST = 1000;

  /** Languages that a field may name. */
  private static final int MOST = 20;

  /** RFC 9110 §12.4.2. */
  private static final Pattern WEIGHT = Pattern.compile(";\\s*q\\s*=\\s*([01](?:\\.[0-9]{0,3})?)");

  /** Character sets in which Japanese is written and nothing else. */
  private static final Pattern JAPANESE_CHARSET =
      Pattern.compile("(?i)charset\\s*=\\s*\"?(iso-2022-jp|shift_jis|euc-jp|windows-31j)");

  /**
   * For a sender.
   *
   * @param header of the message
   * @param sender in the envelope
   */
  public Wording of(HeaderFields header, Mailbox sender) {
    return Wording.in(told(header).or(() -> ofDomain(sender)).orElse(last));
  }

  /** For an account of ours: in the language of its domain, else in that of the server. */
  public Wording of(Account account) {
    return Wording.in(ofDomain(account.primary().domain()).orElse(last));
  }

  private Optional<Language> ofDomain(Mailbox sender) {
    return sender.isLiteral()
        ? Optional.empty()
        : Address.canonicalDomain(sender.domain()).flatMap(this::ofDomain);
  }

  private Optional<Language> ofDomain(String domain) {
    return directory.domain(domain).flatMap(found -> found.settings().language());
  }

  /**
   * What the message tells: the first of those that the sender reads ({@code Accept-Language}),
   * else that in which it is written ({@code Content-Language}, both RFC 3282), else Japanese if
   * its subject, or the name of who wrote it, has Kana or its character set is Japanese.
   */
  static Optional<Language> told(HeaderFields header) {
    return first(header, "Accept-Language")
        .or(() -> first(header, "Content-Language"))
        .or(() -> isJapanese(header) ? Optional.of(Language.JA) : Optional.empty());
  }

  private static Optional<Language> first(HeaderFields header, String field) {
    return header
        .first(field)
        .map(Wordings::value)
        .flatMap(value ->
            Arrays.stream(value.split(","))
                .limit(MOST)
                .filter(range -> weight(range) > 0)
                .sorted(Comparator.comparing(Wordings::weight).reversed())
                .map(range -> Language.of(range.split(";", 2)[0]))
                .flatMap(Optional::stream)
                .findFirst());
  }

  private static String value(HeaderField field) {
    String value = field.value();
    return value.length() > LONGEST ? value.substring(0, LONGEST) : value;
  }

  private static double weight(String range) {
    Matcher weight = WEIGHT.matcher(range);
    return weight.find() ? Double.parseDouble(weight.group(1)) : 1;
  }

  private static boolean isJapanese(HeaderFields header) {
    Function<String, String> value = name -> header.first(name).map(Wordings::value).orElse("");
    return JAPANESE_CHARSET.matcher(value.apply("Content-Type")).find()
        || List.of("Subject", "From").stream()
            .flatMap(name -> header.first(name).stream())
            .filter(field -> field.value().length() <= LONGEST)
            .flatMapToInt(field -> field.decoded().codePoints())
            .mapToObj(UnicodeScript::of)
            .anyMatch(s -> s == UnicodeScript.HIRAGANA || s == UnicodeScript.KATAKANA);
  }
}
