package hikyaku.server.queue;

import hikyaku.server.directory.Language;
import hikyaku.server.smtpclient.Verdict;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * Japanese, as polite as mail of an office is. What the other server has said follows in its own
 * words, behind what its status code (RFC 3463, RFC 7372) means.
 */
final class JapaneseWording implements Wording {
  /** Who reads Japanese mostly lives there. */
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu年M月d日(E) H時mm分 '(日本時間)'", Locale.JAPANESE)
          .withZone(ZoneId.of("Asia/Tokyo"));

  @Override
  public Language language() {
    return Language.JA;
  }

  @Override
  public String author() {
    return "メール配信システム";
  }

  @Override
  public String subject(ReportKind kind) {
    return switch (kind) {
      case FAILURE -> "メールを配信できませんでした";
      case DELAY -> "メールの配信が遅れています";
      case RELAYED -> "メールを宛先のサーバーに引き渡しました";
      case DELIVERED -> "メールを配信しました";
      case TAKEN -> "メールを受け付けました";
    };
  }

  @Override
  public String sentence(ReportKind kind) {
    return switch (kind) {
      case FAILURE -> "お送りになったメールは、次の宛先にお届けできませんでした。\r\n";
      case DELAY ->
          "お送りになったメールは、次の宛先にまだお届けできていません。\r\n" + "引き続き自動的に配信を試みますので、送り直していただく必要はありません。\r\n";
      case RELAYED ->
          "お送りになったメールを、次の宛先のサーバーに引き渡しました。\r\n"
              + "引き渡した先のサーバーが配信結果を通知しない場合、この後の結果をお知らせすることはできません。\r\n";
      case DELIVERED -> "お送りになったメールを、次の宛先のメールボックスにお届けしました。\r\n";
      case TAKEN -> "お送りになった次の宛先へのメールを受け付けました。\r\n";
    };
  }

  @Override
  public String reason(Verdict verdict) {
    String theirs =
        verdict.from().isEmpty()
            ? "詳細: " + verdict.text()
            : "相手のサーバー " + verdict.from() + " の応答: " + verdict.text();
    return verdict.kind() == Verdict.Kind.DELIVERED
        ? theirs
        : meaning(verdict) + "\r\n    " + theirs;
  }

  /** By the subject and the detail of the status code (RFC 3463 §3). */
  private static String meaning(Verdict verdict) {
    String status = verdict.status();
    int dot = status.indexOf('.');
    String code = dot < 0 ? "" : status.substring(dot + 1);
    return switch (code) {
      case "1.1" -> "宛先のメールアドレスが見つかりません。アドレスに誤りがないかご確認ください。";
      case "1.2" -> "宛先のドメイン（@ より後ろの部分）が見つかりません。アドレスに誤りがないかご確認ください。";
      case "1.3", "1.7", "1.8" -> "メールアドレスの書式が正しくありません。";
      case "1.6" -> "宛先のメールアドレスは変更されています。";
      case "1.10" -> "宛先のドメインはメールを受け取らない設定になっています。";
      case "2.1" -> "宛先のメールボックスは現在使用できません。";
      case "2.2" -> "宛先のメールボックスの容量がいっぱいです。";
      case "2.3", "3.4" -> "メールのサイズが大きすぎるため、受け取ってもらえませんでした。";
      case "4.1", "4.2", "4.4", "4.5" -> "宛先のサーバーに接続できません。";
      case "4.3" -> "宛先のドメインの情報を DNS から取得できません。";
      case "4.6" -> "メールの転送が繰り返され、循環しています。";
      case "4.7" -> "期限までに配信できませんでした。";
      case "6.7" -> "メールアドレスに使われている文字に、宛先のサーバーが対応していません。";
      default -> meaning(code.split("\\.", 2)[0], verdict.kind());
    };
  }

  private static String meaning(String subject, Verdict.Kind kind) {
    return switch (subject) {
      case "1" -> "宛先のメールアドレスに問題があります。";
      case "2" -> "宛先のメールボックスに問題があります。";
      case "4" -> "宛先のサーバーまでの経路に問題があります。";
      case "6" -> "メールの形式に、宛先のサーバーが対応していません。";
      case "7" -> "安全上の理由または宛先の方針により、受け取ってもらえませんでした。";
      default ->
          kind == Verdict.Kind.FAILED ? "宛先のサーバーに受け取ってもらえませんでした。" : "宛先のサーバーが一時的にメールを受け取れない状態です。";
    };
  }

  @Override
  public String triedUntil(Instant time) {
    return TIME.format(time) + " まで配信を試みます。\r\nそれまでにお届けできなかった場合は、あらためてお知らせいたします。\r\n";
  }

  @Override
  public String taken(String host, Instant arrived, String transaction) {
    return "受付サーバー: "
        + host
        + "\r\n受付日時: "
        + TIME.format(arrived)
        + "\r\n受付番号: "
        + transaction
        + "\r\n\r\nこのメールは自動的にお送りしています。\r\n";
  }

  @Override
  public String refusal() {
    return "メールの受け取りが拒否されました";
  }

  @Override
  public String refusedBy(String recipient) {
    return "お送りになったメールは、次の宛先のメール振り分け設定により受け取りが拒否されました。\r\n\r\n  "
        + recipient
        + "\r\n\r\n宛先の方からのメッセージ:\r\n";
  }

  @Override
  public String scriptFailed(String script) {
    return "メール振り分けスクリプト「" + script + "」を実行できませんでした";
  }

  @Override
  public String failure(ScriptFailure failure) {
    return """
    %2$s 宛てのメールに対して、お使いのメール振り分けスクリプト「%1$s」を実行できませんでした。

    エラーの内容:
      %3$s

    対象のメール:
      差出人: %4$s
      件名: %5$s
      Message-ID: %6$s

    このメールは失われておらず、%7$s に保存されています。スクリプトに書かれたその他の処理は行われていません。
    実行できなかったほかのメールも、同じように保存されます。

    フィルターの管理に使っているソフトウェアでスクリプトを修正するか、スクリプトが指定しているメールボックスが
    ない場合は作成してください。修正するまでの間、スクリプトを無効にすることもできます。
    対処方法がわからない場合は、このメールを添えてメールサービスの管理者にお問い合わせください。

    このお知らせは、一つのスクリプトにつき一日に一回までお送りします。スクリプトを変更しても実行できない場合は、
    あらためてお知らせします。
    """
        .formatted(
            failure.script(),
            failure.account(),
            (failure.line() == 0 ? "" : failure.line() + " 行目: ") + failure.sentence(),
            failure.from(),
            failure.subject(),
            failure.messageId(),
            failure.folder())
        .replace("\n", "\r\n");
  }
}
