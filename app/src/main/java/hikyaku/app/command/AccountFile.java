package hikyaku.app.command;

import hikyaku.app.Failure;
import hikyaku.app.Reason;
import hikyaku.app.config.Values;
import hikyaku.server.ops.AccountOperations;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A file of accounts: one a line, its fields divided by tabs. Lines that are blank or begin with
 * {@code #} say nothing.
 *
 * <pre>{@code
 * ADDRESS<TAB>PASSWORD<TAB>QUOTA<TAB>NAME
 * }</pre>
 *
 * <p>Fields after the address may be empty or not there. A password that begins with a brace names
 * what it is first: <code>{PLAIN}</code>, or <code>{ARGON2ID}</code> or <code>{ARGON2}</code> for a
 * hash of it in the PHC string format.
 */
final class AccountFile {
  private static final int FIELDS = 4;

  /**
   * One account of the file.
   *
   * @param line where it stands, from 1
   */
  record Entry(int line, AccountOperations.New account) {}

  private AccountFile() {}

  /**
   * Reads a file.
   *
   * @param file its name, or {@code -} for standard input
   */
  static List<Entry> read(String file) throws Failure {
    if (file.equals("-")) {
      return read(new BufferedReader(reader(System.in)), "Standard input");
    }
    try (BufferedReader in = new BufferedReader(reader(Files.newInputStream(Path.of(file))))) {
      return read(in, file);
    } catch (IOException e) {
      throw new Failure(file + " cannot be read: " + Reason.of(e) + ".", e);
    }
  }

  /** One that complains of what is not UTF-8. */
  private static InputStreamReader reader(InputStream in) {
    return new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder());
  }

  /** Reads all of it, and complains of the first line that is wrong. */
  static List<Entry> read(BufferedReader in, String name) throws Failure {
    List<Entry> entries = new ArrayList<>();
    Set<String> addresses = new HashSet<>();
    int number = 0;
    try {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        number++;
        if (line.isBlank() || line.startsWith("#")) {
          continue;
        }
        AccountOperations.New account = account(line);
        if (!addresses.add(account.address().toLowerCase(Locale.ROOT))) {
          throw new IllegalArgumentException(account.address() + " is there twice");
        }
        entries.add(new Entry(number, account));
      }
    } catch (IllegalArgumentException wrong) {
      throw new Failure(
          name + ", line " + number + ": " + wrong.getMessage() + ". No account was made.", wrong);
    } catch (java.nio.charset.CharacterCodingException notText) {
      throw new Failure(name + " is not UTF-8. No account was made.", notText);
    } catch (IOException e) {
      throw new Failure(name + " cannot be read. No account was made.", e);
    }
    return entries;
  }

  private static AccountOperations.New account(String line) {
    String[] fields = line.split("\t", -1);
    if (fields.length > FIELDS) {
      throw new IllegalArgumentException(
          "more than an address, a password, a quota and a name, with tabs between them");
    }
    String address = fields[0].strip();
    if (address.isEmpty() || address.chars().anyMatch(c -> c == ' ' || c == ',')) {
      throw new IllegalArgumentException(
          "the first field must be an address, and a tab must follow it");
    }
    String secret = field(fields, 1);
    String quota = field(fields, 2);
    String hash = hash(secret);
    return new AccountOperations.New(
        address,
        hash == null && !secret.isEmpty() ? password(secret) : null,
        field(fields, 3).isEmpty() ? null : field(fields, 3),
        hash,
        quota.isBlank() ? null : (Long) Values.amount(quota));
  }

  private static String field(String[] fields, int index) {
    return index < fields.length ? fields[index] : "";
  }

  private static @Nullable String hash(String secret) {
    for (String scheme : List.of("{ARGON2ID}", "{ARGON2}")) {
      if (secret.regionMatches(true, 0, scheme, 0, scheme.length())) {
        return secret.substring(scheme.length()).strip();
      }
    }
    return null;
  }

  private static String password(String secret) {
    if (!secret.startsWith("{")) {
      return secret;
    }
    String plain = "{PLAIN}";
    if (!secret.regionMatches(true, 0, plain, 0, plain.length())) {
      throw new IllegalArgumentException(
          "the password begins with a brace, and so must say {PLAIN}, {ARGON2ID} or {ARGON2} first");
    }
    if (secret.length() == plain.length()) {
      throw new IllegalArgumentException("there is no password behind {PLAIN}");
    }
    return secret.substring(plain.length());
  }
}
