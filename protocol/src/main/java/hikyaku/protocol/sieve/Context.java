package hikyaku.protocol.sieve;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** What is known of a script while it is checked. */
final class Context {
  private final Set<Extension> offered;
  private final SieveLimits limits;
  private final Set<Extension> required = EnumSet.noneOf(Extension.class);
  private final List<Script.Redirection> redirections = new ArrayList<>();

  Context(Set<Extension> offered, SieveLimits limits) {
    this.limits = limits;
    this.offered = offered;
  }

  SieveLimits limits() {
    return limits;
  }

  boolean offers(String name) {
    return Extension.of(name).filter(offered::contains).isPresent();
  }

  /**
   * Whether ihave is true of it. What changes the meaning of strings must not come into effect in
   * the middle of a script (RFC 5463 §4).
   */
  boolean has(String name) {
    boolean ofStrings =
        Extension.of(name)
            .filter(each -> each == Extension.VARIABLES || each == Extension.ENCODED_CHARACTER)
            .isPresent();
    return offers(name) && (!ofStrings || has(Extension.of(name).orElseThrow()));
  }

  /** From here on the script may use the extension. */
  void require(Position at, String name) throws SieveException {
    if (!offers(name)) {
      throw new SieveException(at, Unknown.sentence(List.of(name)));
    }
    Extension.of(name).ifPresent(required::add);
    if (required.contains(Extension.VACATION_SECONDS)) {
      required.add(Extension.VACATION);
    }
    if (required.contains(Extension.SPAMTESTPLUS)) {
      required.add(Extension.SPAMTEST);
    }
  }

  boolean has(Extension extension) {
    return required.contains(extension);
  }

  /**
   * @param what as the script has it
   * @throws SieveException unless the script requires the extension
   */
  void need(Extension extension, Position at, String what) throws SieveException {
    if (!has(extension)) {
      throw new SieveException(at, what + " needs require \"" + extension.wire() + "\"");
    }
  }

  Template template(Position at, String text) throws SieveException {
    String decoded = has(Extension.ENCODED_CHARACTER) ? Template.decode(at, text) : text;
    return has(Extension.VARIABLES)
        ? Template.withVariables(at, decoded, has(Extension.INCLUDE))
        : Template.literal(decoded);
  }

  void redirectsTo(Position at, String address) {
    redirections.add(new Script.Redirection(at, address));
  }

  Set<Extension> required() {
    return required;
  }

  List<Script.Redirection> redirections() {
    return redirections;
  }
}
