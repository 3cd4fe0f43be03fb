package hikyaku.protocol.sieve;

import hikyaku.protocol.mime.ContentField;
import hikyaku.protocol.mime.HeaderField;
import hikyaku.protocol.mime.ParameterText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What the headers of parts say (RFC 5703 §4). */
final class PartTesting {
  private final Presented presented;
  private final Run run;

  PartTesting(Presented presented, Run run) {
    this.presented = presented;
    this.run = run;
  }

  /** The part at hand, or else all that the script sees; and what is in it, if that counts too. */
  List<Part> scope(Test.Mime mime) {
    Part start = run.part().orElseGet(presented::root);
    List<Part> scope = new ArrayList<>();
    if (mime.anyChild()) {
      start.addAll(scope);
    } else {
      scope.add(start);
    }
    return scope;
  }

  /** The fields of some names, in the order of the names. */
  List<HeaderField> fields(Part part, List<String> names) throws RunException, IOException {
    List<HeaderField> fields = new ArrayList<>();
    for (String name : names) {
      fields.addAll(presented.fields(part, name));
    }
    return fields;
  }

  /** Whether each of the names is that of a field in one of the parts at least. */
  boolean haveAll(Test.Mime mime, List<String> names) throws RunException, IOException {
    List<Part> scope = scope(mime);
    for (String name : names) {
      boolean found = false;
      for (Part part : scope) {
        found = found || !presented.fields(part, name).isEmpty();
      }
      if (!found) {
        return false;
      }
    }
    return true;
  }

  /**
   * What fields have of what a test looks at.
   *
   * @param counted whether their number is all that is asked for: then of those of whose kind a
   *     type is taken only those that could be taken apart (RFC 5703 §4.1)
   */
  List<String> values(Test.Mime mime, Test.Index index, List<String> names, boolean counted)
      throws RunException, IOException {
    List<String> parameters =
        run.expand(mime.parameters()).stream().map(Collation::asciiLower).toList();
    List<String> values = new ArrayList<>();
    for (Part part : scope(mime)) {
      for (HeaderField field : index.of(fields(part, names))) {
        boolean ofType = mime.aspect() != Test.Aspect.WHOLE && mime.aspect() != Test.Aspect.PARAM;
        if (!counted || !ofType || hasType(field)) {
          add(field, mime.aspect(), parameters, values);
        }
      }
    }
    return values;
  }

  private static void add(
      HeaderField field, Test.Aspect aspect, List<String> parameters, List<String> values) {
    switch (aspect) {
      case WHOLE -> values.add(field.decoded().strip());
      case TYPE, SUBTYPE, CONTENTTYPE -> values.add(type(field, aspect));
      case PARAM -> {
        ContentField content = ContentField.of(field.value());
        for (String parameter : parameters) {
          String value = ParameterText.get(content.parameters(), parameter);
          if (value != null) {
            values.add(value);
          }
        }
      }
    }
  }

  private static boolean hasType(HeaderField field) {
    return !type(field, Test.Aspect.TYPE).isEmpty()
        && (!field.is("Content-Type") || !type(field, Test.Aspect.SUBTYPE).isEmpty());
  }

  /** Empty for what a field of its kind has not. */
  private static String type(HeaderField field, Test.Aspect aspect) {
    boolean type = field.is("Content-Type");
    if (!type && !field.is("Content-Disposition")) {
      return "";
    }
    String value = ContentField.of(field.value()).value();
    if (!type) {
      return aspect == Test.Aspect.SUBTYPE ? "" : value;
    }
    int slash = value.indexOf('/');
    String major = slash < 0 ? value : value.substring(0, slash).strip();
    String minor = slash < 0 ? "" : value.substring(slash + 1).strip();
    return switch (aspect) {
      case TYPE -> major;
      case SUBTYPE -> minor;
      default -> major + "/" + minor;
    };
  }
}
