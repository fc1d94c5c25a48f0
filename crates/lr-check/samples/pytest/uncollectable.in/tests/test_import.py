
import nonexistent_thing
