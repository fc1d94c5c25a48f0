import os
S = "é"; import sys
T = f"x"
