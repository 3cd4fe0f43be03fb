package hikyaku.server.dkim;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import hikyaku.protocol.mime.BodyHash;
import java.security.PrivateKey;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Canonical forms and signatures, by the examples of the RFCs. */
class SignatureTest {
  /** RFC 8463 §A.3. */
  private static final String LETTER =
      """
      From: Joe SixPack <joe@football.example.com>
      To: Suzie Q <suzie@shopping.example.net>
      Subject: Is dinner ready?
      Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
      Message-ID: <20030712040037.46341.5F8J@football.example.com>

      Hi.

      We lost the game.  Are you hungry yet?

      Joe.
      """
          .replace("\n", "\r\n");

  private static final String BODY_HASH = "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=";

  /** RFC 8463 §A.3: without the value of b=. */
  private static final String BY_ED25519 =
      " v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
          + " d=football.example.com; i=@football.example.com;\r\n"
          + " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
          + " subject : date : message-id : from : subject : date;\r\n"
          + " bh="
          + BODY_HASH
          + ";\r\n b=";

  private static final String BY_RSA =
      " v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
          + " d=football.example.com; i=@football.example.com;\r\n"
          + " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
          + " date : message-id : from : subject : date;\r\n"
          + " bh="
          + BODY_HASH
          + ";\r\n b=";

  private static final List<String> NAMES =
      List.of("from", "to", "subject", "date", "message-id", "from", "subject", "date");

  /** RFC 8463 §A.1, §A.2. */
  static final String ED25519_KEY = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";

  static final String RSA_KEY =
      """
      -----BEGIN RSA PRIVATE KEY-----
      MIICXQIBAAKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi
      Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqM
      KrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB
      AoGAH0cxOhFZDgzXWhDhnAJDw5s4roOXN4OhjiXa8W7Y3rhX3FJqmJSPuC8N9vQm
      6SVbaLAE4SG5mLMueHlh4KXffEpuLEiNp9Ss3O4YfLiQpbRqE7Tm5SxKjvvQoZZe
      zHorimOaChRL2it47iuWxzxSiRMv4c+j70GiWdxXnxe4UoECQQDzJB/0U58W7RZy
      6enGVj2kWF732CoWFZWzi1FicudrBFoy63QwcowpoCazKtvZGMNlPWnC7x/6o8Gc
      uSe0ga2xAkEA8C7PipPm1/1fTRQvj1o/dDmZp243044ZNyxjg+/OPN0oWCbXIGxy
      WvmZbXriOWoSALJTjExEgraHEgnXssuk7QJBALl5ICsYMu6hMxO73gnfNayNgPxd
      WFV6Z7ULnKyV7HSVYF0hgYOHjeYe9gaMtiJYoo0zGN+L3AAtNP9huqkWlzECQE1a
      licIeVlo1e+qJ6Mgqr0Q7Aa7falZ448ccbSFYEPD6oFxiOl9Y9se9iYHZKKfIcst
      o7DUw1/hz2Ck4N5JrgUCQQCyKveNvjzkkd8HjYs0SwM0fPjK16//5qDZ2UiDGnOe
      uEzxBDAr518Z8VFbR41in3W4Y3yCDgQlLlcETrS+zYcL
      -----END RSA PRIVATE KEY-----
      """;

  static SignedMessage signed(String text) {
    SignedMessage message = new SignedMessage();
    byte[] octets = text.getBytes(ISO_8859_1);
    message.write(octets, 0, octets.length);
    return message;
  }

  private static String bodyHash(String body) {
    BodyHash hash = new BodyHash(true, Long.MAX_VALUE);
    byte[] octets = body.getBytes(ISO_8859_1);
    hash.write(octets, 0, octets.length);
    return Base64.getEncoder().encodeToString(hash.finish());
  }

  private static String plainHash(String octets) {
    return Base64.getEncoder()
        .encodeToString(Algorithm.sha256().digest(octets.getBytes(ISO_8859_1)));
  }

  private static String signature(String value, String key) throws Exception {
    KeyMaterial material = KeyMaterial.read(key);
    PrivateKey privateKey = KeyMaterial.privateKey(material.algorithm(), material.pkcs8());
    byte[] input =
        Signature.input(
            signed(LETTER).fields().orElseThrow(), NAMES, new HeaderField("dkim-signature", value));
    return base64(material.algorithm().sign(privateKey, input));
  }

  private static String base64(ByteString octets) {
    return Base64.getEncoder().encodeToString(octets.toByteArray());
  }

  @Test
  void theExampleOfEd25519() throws Exception {
    assertThat(Base64.getEncoder().encodeToString(signed(LETTER).bodyHash())).isEqualTo(BODY_HASH);
    assertThat(base64(KeyMaterial.read(ED25519_KEY).publicKey()))
        .isEqualTo("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    assertThat(signature(BY_ED25519, ED25519_KEY))
        .isEqualTo(
            "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus"
                + "Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==");
  }

  @Test
  void theExampleOfRsa() throws Exception {
    assertThat(signature(BY_RSA, RSA_KEY))
        .isEqualTo(
            "F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3"
                + "DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz"
                + "dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=");
  }

  @Test
  void bodiesAreRelaxed() {
    // RFC 6376 §3.4.5.
    assertThat(bodyHash(" C \r\nD \t E\r\n\r\n\r\n")).isEqualTo(plainHash(" C\r\nD E\r\n"));
    assertThat(bodyHash("")).isEqualTo(plainHash(""));
    assertThat(bodyHash("\r\n\r\n")).isEqualTo(plainHash(""));
    assertThat(bodyHash("a")).isEqualTo(plainHash("a\r\n"));
    assertThat(bodyHash("a\r\n\r\nb \t")).isEqualTo(plainHash("a\r\n\r\nb\r\n"));
    assertThat(bodyHash("a\rb\nc\r")).isEqualTo(plainHash("a\rb\nc\r\r\n"));
  }

  @Test
  void headersAreRelaxed() {
    // RFC 6376 §3.4.5.
    List<HeaderField> fields =
        HeaderField.all("A: X\r\nB : Y\t\r\n\tZ  \r\nno field\r\n\r\n".getBytes(ISO_8859_1));
    assertThat(fields).extracting(HeaderField::relaxed).containsExactly("a:X", "b:Y Z");
  }

  @Test
  void whatAReaderSeesCannotBeAddedTo() {
    List<HeaderField> fields =
        signed("From: a\r\nTo: b\r\nContent-Type: c\r\nList-Id: d\r\nX-Own: e\r\n\r\n")
            .fields()
            .orElseThrow();
    List<String> names = Signature.names(fields);
    assertThat(Collections.frequency(names, "from")).isEqualTo(2);
    assertThat(Collections.frequency(names, "to")).isEqualTo(2);
    assertThat(Collections.frequency(names, "cc")).isEqualTo(1);
    assertThat(Collections.frequency(names, "content-type")).isEqualTo(2);
    assertThat(Collections.frequency(names, "list-id")).isEqualTo(1);
    assertThat(names).doesNotContain("x-own", "sender", "mime-version");
  }

  @Test
  void ofSeveralFieldsTheLastIsSignedFirst() {
    List<HeaderField> fields = signed("To: a\r\nTo: b\r\n\r\n").fields().orElseThrow();
    byte[] input =
        Signature.input(fields, List.of("to", "to", "to"), new HeaderField("s", " x;\r\n b="));
    assertThat(new String(input, ISO_8859_1)).isEqualTo("to:b\r\nto:a\r\ns:x; b=");
  }

  @Test
  void linesAreShort() throws Exception {
    KeyMaterial material = KeyMaterial.read(RSA_KEY);
    List<HeaderField> fields = new ArrayList<>(signed(LETTER + "").fields().orElseThrow());
    DkimKey key = TestKeys.key("football.example.com", "s", material);
    String field =
        Signature.field(
            key,
            KeyMaterial.privateKey(material.algorithm(), material.pkcs8()),
            fields,
            new byte[32],
            1528637909);
    assertThat(field).startsWith("DKIM-Signature: v=1; a=rsa-sha256;").endsWith("\r\n");
    assertThat(field.lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(78));
  }
}
